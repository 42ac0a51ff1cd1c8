//! How this process maps the memory of a bounded channel.

use super::Options;

impl Options {
    /// Maps all pages of a bounded channel in this process when it makes or joins the channel. Without it each page is mapped when it is
    /// touched first, by a page fault, and the first lap through the queue pays for these.
    ///
    /// It is for this process alone: each process that joins has its own choice, and so has one that an end is handed to. The memory
    /// itself is allocated when the channel is made, with and without it. In an unbounded channel, whose memory comes and goes, it does
    /// nothing: there a sender maps each chunk at once when it makes it memory.
    ///
    /// # When it waits
    ///
    /// Never. The call that makes or joins takes longer: by about a millisecond for each 16 MiB of the channel.
    ///
    /// # Errors
    ///
    /// None. Where the system refuses to map pages before they are touched, they are mapped as they are touched.
    ///
    /// # Panics
    ///
    /// Never.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::Options;
    /// let mut receiver = Options::new().capacity(10_000).prefault(true).bind::<u64>(&path)?;
    /// let sender = Options::new().prefault(true).connect::<u64>(&path)?;
    /// assert_eq!(sender.try_send_many(&[7; 10_000]), Ok(10_000));
    /// assert_eq!(receiver.try_recv_many(&mut Vec::new(), 10_000), Ok(10_000));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn prefault(mut self, prefault: bool) -> Options {
        self.terms.pages.prefault = prefault;
        self
    }
}
