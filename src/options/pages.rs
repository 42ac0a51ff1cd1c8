//! How this process maps the memory of a bounded channel.

use super::Options;

impl Options {
    /// Maps all pages of a bounded channel in this process when it makes or joins the channel. Without this option each page is mapped
    /// when it is touched first, by a page fault. The first lap through the queue pays for the faults.
    ///
    /// The option is for this process alone: each process that joins has its own choice, and so has a process that takes an end over.
    /// The memory itself is allocated when the channel is made, in either case. In an unbounded channel, whose memory comes and goes, the
    /// option does nothing: there a sender maps all of a chunk when it makes the chunk memory.
    ///
    /// # When it waits
    ///
    /// Never. The call that makes or joins takes longer: by about a microsecond for each page.
    ///
    /// # Errors
    ///
    /// None. Where the system refuses to map pages before they are touched, they are mapped as they are touched.
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

    /// Asks for huge pages, of 2 MiB on most machines, for a bounded channel. A first lap then takes a page fault for each huge page,
    /// and later laps need fewer entries of the processor's address cache.
    ///
    /// A process that makes a channel has the system make its memory of huge pages, as far as there are any, and maps them as such. A
    /// process that joins maps the huge pages that the memory has; without this option it maps them in small pieces. A channel smaller
    /// than a huge page has none, nor has the rest behind the last whole one. In an unbounded channel, whose memory comes and goes, the
    /// option does nothing.
    ///
    /// They are Linux's transparent huge pages, which need no reserved memory: from Linux 6.1 on, unless the system's setting
    /// `transparent_hugepage/shmem_enabled` is `deny`; before, where that setting gives them. Each process that maps a channel with this
    /// option needs addresses for one huge page more.
    ///
    /// # When it waits
    ///
    /// Never. To make the channel takes less time if the system has huge pages at hand, and more if it must move memory to have them.
    ///
    /// # Errors
    ///
    /// None. Where the system has no huge pages, the channel has ordinary ones. The line `ShmemPmdMapped` in `/proc/self/smaps` tells
    /// how many there are.
    ///
    /// # Examples
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("numbers.sock");
    /// use shmpsc::Options;
    /// let large = Options::new().capacity(100_000).huge_pages(true);
    /// let mut receiver = large.bind::<[u64; 8]>(&path)?;
    /// let sender = Options::new().huge_pages(true).connect::<[u64; 8]>(&path)?;
    /// assert_eq!(sender.try_send_many(&vec![[7; 8]; 100_000]), Ok(100_000));
    /// assert_eq!(receiver.blocking_recv(), Some([7; 8]));
    /// # Ok::<(), shmpsc::error::OpenError>(())
    /// ```
    pub fn huge_pages(mut self, huge_pages: bool) -> Options {
        self.terms.pages.huge = huge_pages;
        self
    }
}
