//! A contestant whose channel a function of one argument makes, its capacity.

/// Declares a contestant by its function, of which `Sender` and `Receiver` are the ends.
macro_rules! made_by {
    ($contestant:ident, $bounded:ident) => {
        pub(crate) struct $contestant;

        impl<T: Value> Channel<T> for $contestant {
            type Sender = Sender<T>;
            type Receiver = Receiver<T>;
        }

        impl<T: Value> Within<T> for $contestant {
            fn bounded(capacity: usize) -> (Sender<T>, Receiver<T>) {
                $bounded(capacity)
            }
        }
    };
}

pub(super) use made_by;
