//! A contestant within a process, whose channel a function of one argument makes, its capacity.

/// Implements what makes the ends: `Sender` is kept on the shelf of the process, from which each sender takes a copy.
macro_rules! made_by {
    ($contestant:ident, $name:literal, $sender:ident, $receiver:ident, $bounded:expr) => {
        pub(crate) struct $contestant;

        impl Contestant for $contestant {
            const NAME: &'static str = $name;
            const REACH: Reach = Reach::Threads;

            type Sender<T: Value> = $sender<T>;
            type Receiver<T: Value> = $receiver<T>;

            fn bind<T: Value>(site: &Site, name: &str) -> $receiver<T> {
                let (sender, receiver) = $bounded(site.capacity());
                site.keep::<$sender<T>>(name, sender);
                receiver
            }

            fn connect<T: Value>(site: &Site, name: &str) -> $sender<T> {
                site.kept(name)
            }
        }
    };
}

pub(super) use made_by;
