//! Receiving values too large for the stack, into a box. The batches of [`super::receive`](mod@super::receive) need no stack for
//! values either.

/// The methods that receive into a box.
macro_rules! boxed {
    ($Receiver:ident, $channel:literal, $bound:literal) => {
        const _: () = {
            use crate::blocking::refuse_in_async_context;
            use crate::channel::next;
            use crate::ends::receive::{tried, waited};
            use crate::error::TryRecvError;
            use bytemuck::Pod;
            use std::future::poll_fn;

            impl<T: Pod> $Receiver<T> {
                /// Receives the next value into a box, as [`recv`](Self::recv), without room for it on the stack. (Beyond tokio.)
                ///
                /// # When it waits
                ///
                /// As [`recv`](Self::recv).
                ///
                /// # Cancel safety
                ///
                /// No value is lost if the future is dropped.
                ///
                /// # Examples
                ///
                /// ```
                /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                /// type Page = [u64; 512];
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<Page>", $bound, ";")]
                /// let page: Box<Page> = Box::new([7; 512]);
                /// sender.try_send_ref(&page).unwrap();
                /// assert_eq!(receiver.recv_boxed().await, Some(page));
                /// # });
                /// ```
                pub async fn recv_boxed(&mut self) -> Option<Box<T>> {
                    let found = poll_fn(|cx| self.inner.poll_take(cx, next)).await?;
                    Some(self.inner.receive_boxed(found))
                }

                /// Receives a value into a box if there is a value, as [`try_recv`](Self::try_recv), without room for it on the stack.
                /// (Beyond tokio.)
                ///
                /// # When it waits
                ///
                /// Never.
                ///
                /// # Errors
                ///
                /// As [`try_recv`](Self::try_recv).
                ///
                /// # Examples
                ///
                /// ```
                /// use shmpsc::error::TryRecvError;
                /// type Page = [u64; 512];
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<Page>", $bound, ";")]
                /// assert_eq!(receiver.try_recv_boxed(), Err(TryRecvError::Empty));
                /// let page: Box<Page> = Box::new([7; 512]);
                /// sender.try_send_ref(&page).unwrap();
                /// assert_eq!(receiver.try_recv_boxed(), Ok(page));
                /// ```
                pub fn try_recv_boxed(&mut self) -> Result<Box<T>, TryRecvError> {
                    let found = tried(self.inner.try_take(next))?;
                    Ok(self.inner.receive_boxed(found))
                }

                /// Receives the next value into a box, as [`blocking_recv`](Self::blocking_recv), without room for it on the stack;
                /// the thread sleeps while there is none. (Beyond tokio.)
                ///
                /// # When it waits
                ///
                /// As [`recv`](Self::recv).
                ///
                /// # Panics
                ///
                /// In a thread that is driving tokio tasks, even if a value is there.
                ///
                /// # Examples
                ///
                /// ```
                /// type Page = [u64; 512];
                #[doc = concat!("let (sender, mut receiver) = shmpsc::", $channel, "::<Page>", $bound, ";")]
                /// let page: Box<Page> = Box::new([7; 512]);
                /// let copy = page.clone();
                /// std::thread::spawn(move || sender.try_send_ref(&copy));
                /// assert_eq!(receiver.blocking_recv_boxed(), Some(page));
                /// assert_eq!(receiver.blocking_recv_boxed(), None);
                /// ```
                #[track_caller]
                pub fn blocking_recv_boxed(&mut self) -> Option<Box<T>> {
                    refuse_in_async_context();
                    let found = waited(self.inner.blocking_take(None, next))?;
                    Some(self.inner.receive_boxed(found))
                }
            }
        };
    };
}

pub(crate) use boxed;
