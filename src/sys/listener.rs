//! A listening Unix socket in the file system, and connecting to one.
//!
//! Its callers decide which processes to accept, and whether a file that stands in the way may be removed.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::Mutex,
    time::{Duration, Instant},
};

use rustix::{
    fs::{self, FileType, Mode, OFlags, Stat},
    io::{Errno, retry_on_intr},
    net::{self, AddressFamily, SocketFlags, SocketType, sockopt},
    process::geteuid,
};

use super::{
    path_at::{FileId, PathAt, set_mode},
    socket::{hang_up, is_messages_socket, refuse_descriptors, set_pass_credentials, wait_readable},
};
use crate::sync::lock;

/// Callers that may wait until they are accepted; the system may allow fewer.
const BACKLOG: i32 = 1024;

/// A socket at a place in the file system, to which others connect.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: OwnedFd,
    /// Its file in the file system. None: it is not known.
    file: Option<FileId>,
    /// A descriptor in reserve: given up for a moment to turn a caller away when there are no more descriptors.
    spare: Mutex<Option<OwnedFd>>,
}

impl Listener {
    /// Binds to `place` with exactly the permissions `mode`, whatever the process's umask, and listens.
    ///
    /// A file that stands there is an error (`AddrInUse`), even if no process listens behind it. No process can connect before the
    /// permissions are set.
    pub(crate) fn bind(place: &PathAt, mode: u32) -> io::Result<Listener> {
        let mode = Mode::from_raw_mode(mode & 0o777);
        let listener = Listener::unbound(mode)?;
        place.at_address(|address| Ok(net::bind(&listener.socket, address)?))?;
        match listener.open_door(place, mode) {
            // The umask took bits away that cannot be given back here. A thread without a umask takes none.
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                let listener = Listener::unbound(mode)?;
                place.in_its_directory(|address| Ok(net::bind(&listener.socket, address)?))?;
                listener.open_door(place, mode)
            }
            opened => opened,
        }
    }

    /// Makes a socket whose file will get the permissions `mode`, less the umask: never too many, perhaps too few.
    fn unbound(mode: Mode) -> io::Result<Listener> {
        let socket = new_socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
        fs::fchmod(&socket, mode)?;
        Ok(Listener { socket, file: None, spare: Mutex::new(None) })
    }

    /// Finds the file that was bound at `place` just now, and lets callers come. If it cannot, removes the file.
    fn open_door(mut self, place: &PathAt, mode: Mode) -> io::Result<Listener> {
        let found = place.look().inspect_err(|_| drop(place.remove()))?;
        let stat = match found {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Socket => stat,
            _ => {
                let what = "the socket was moved or replaced at the moment when it was made; try again";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, what));
            }
        };
        self.file = Some(FileId::from(&stat));
        let opened = self.permit(place, &stat, mode).and_then(|()| {
            // Newer systems hand these down to the sockets that are accepted, so not even the first message escapes them.
            set_pass_credentials(&self.socket)?;
            refuse_descriptors(&self.socket)?;
            Ok(net::listen(&self.socket, BACKLOG)?)
        });
        if let Err(error) = opened {
            let _ = self.remove_file(place);
            return Err(error);
        }
        self.spare = Mutex::new(spare());
        Ok(self)
    }

    /// Sees to it that the file has exactly the permissions `mode`. `Unsupported`: this system cannot.
    fn permit(&self, place: &PathAt, stat: &Stat, mode: Mode) -> io::Result<()> {
        if Mode::from_raw_mode(stat.st_mode) == mode {
            return Ok(());
        }
        // By a descriptor, so that what is checked and what is changed are one file.
        let file = place.open_path()?;
        if Some(FileId::from(&fs::fstat(&file)?)) != self.file {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "the socket was replaced; try again"));
        }
        set_mode(file.as_fd(), mode)
    }

    /// Takes a listening socket that another process bound and handed over, and whose file is `file`.
    pub(crate) fn from_fd(socket: OwnedFd, file: Option<FileId>) -> io::Result<Listener> {
        if !is_messages_socket(&socket) || !sockopt::socket_acceptconn(&socket)? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the descriptor is not a listening socket",
            ));
        }
        Ok(Listener { socket, file, spare: Mutex::new(spare()) })
    }

    /// Returns the socket's file, wherever it stands.
    pub(crate) fn file(&self) -> Option<FileId> {
        self.file
    }

    /// Removes the socket's file, if it still stands at `place`. While the socket is open no other file can be taken for it.
    pub(crate) fn remove_file(&self, place: &PathAt) -> io::Result<()> {
        match self.file {
            Some(file) if place.has(file)? => place.remove(),
            _ => Ok(()),
        }
    }

    /// Accepts one caller. None: there is no caller. The socket that it returns names the sender of each message, and refuses
    /// descriptors.
    ///
    /// If this process has no descriptor left, it turns one caller away (the caller sees a hang-up) and returns that error. Else the
    /// socket would stay readable for ever, and each wait for it would end at once.
    pub(crate) fn accept(&self) -> io::Result<Option<OwnedFd>> {
        loop {
            // The call would say so itself. But the flag for that belongs to the open file, which a forked child and the process that
            // gave the receiver away have too: they could clear it, and then the call would wait.
            if !wait_readable(&self.socket, Some(Instant::now()))? {
                return Ok(None);
            }
            match accept(&self.socket) {
                Ok(caller) => {
                    set_pass_credentials(&caller)?;
                    refuse_descriptors(&caller)?;
                    return Ok(Some(caller));
                }
                Err(Errno::WOULDBLOCK) => return Ok(None),
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(error @ (Errno::MFILE | Errno::NFILE)) => {
                    let mut kept = lock(&self.spare);
                    drop(kept.take());
                    drop(accept(&self.socket));
                    *kept = spare();
                    return Err(error.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Closes the socket for every process that has a copy of the descriptor, forked children too. Callers that wait and callers
    /// that come later are refused. The file stays.
    pub(crate) fn close(&self) {
        hang_up(&self.socket);
        // No further caller can come, so this ends. Without it, callers in the backlog would wait until the last copy is closed.
        while retry_on_intr(|| accept(&self.socket)).is_ok() {}
    }
}

impl AsFd for Listener {
    /// Readable while a caller waits to be accepted.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Connects to the listener at `place`. Waits only while its backlog is full, and until `deadline` at most (`TimedOut`).
/// `NotFound`: no file; `ConnectionRefused`: no process listens behind it.
pub(crate) fn connect(place: &PathAt, deadline: Instant) -> io::Result<OwnedFd> {
    // The socket is still ours alone, so it may block: the kernel then wakes us when there is room in the backlog.
    let socket = new_socket(SocketFlags::CLOEXEC)?;
    place.at_address(|address| {
        loop {
            // Zero would mean "for ever".
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(1));
            sockopt::set_socket_timeout(&socket, sockopt::Timeout::Send, Some(left))?;
            match net::connect(&socket, address) {
                Ok(()) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) if Instant::now() < deadline => {}
                Err(Errno::AGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                Err(error) => return Err(error.into()),
            }
        }
    })?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok(socket)
}

/// Lets the owner of the socket at `place` connect to it, if that is the user of this process and the mode of the socket does not
/// allow it. True: it was changed. So it stands if its maker was killed before it could set the mode.
pub(crate) fn let_owner_in(place: &PathAt) -> io::Result<bool> {
    let owner_may = Mode::RUSR | Mode::WUSR;
    let file = place.open_path()?;
    let stat = fs::fstat(&file)?;
    let mode = Mode::from_raw_mode(stat.st_mode);
    let is_socket = FileType::from_raw_mode(stat.st_mode) == FileType::Socket;
    if !is_socket || stat.st_uid != geteuid().as_raw() || mode.contains(owner_may) {
        return Ok(false);
    }
    set_mode(file.as_fd(), mode | owner_may)?;
    Ok(true)
}

fn new_socket(flags: SocketFlags) -> io::Result<OwnedFd> {
    Ok(net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?)
}

fn accept(socket: &OwnedFd) -> Result<OwnedFd, Errno> {
    net::accept_with(socket, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
}

fn spare() -> Option<OwnedFd> {
    fs::open("/", OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok()
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::{FileTypeExt, PermissionsExt},
        path::{Path, PathBuf},
        thread,
    };

    use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};

    use super::*;
    use crate::sys::{
        socket::{
            Incoming, pair, peer_credentials, receive, send,
            tests::{is_cloexec, is_hung_up, message, soon},
            wait_readable,
        },
        tests::{eventually, is_own_process},
    };

    /// A directory and the path of a socket to be in it.
    fn somewhere() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        (directory, path)
    }

    fn listen(path: &Path, mode: u32) -> Listener {
        Listener::bind(&PathAt::new(path).unwrap(), mode).unwrap()
    }

    fn connect(path: &Path, deadline: Instant) -> io::Result<OwnedFd> {
        super::connect(&PathAt::new(path)?, deadline)
    }

    /// Shows T59.
    #[test]
    fn no_caller_waits_at_an_empty_door_despite_another_process() {
        let (_directory, path) = somewhere();
        let listener = listen(&path, 0o600);
        // The flag is of the open file, which a child and the giver of a receiver have too.
        rustix::io::ioctl_fionbio(&listener.socket, false).unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let caller = connect(&path, soon()).unwrap();
            tell.send(listener.accept().unwrap().is_some()).unwrap();
            tell.send(listener.accept().unwrap().is_some()).unwrap();
            listener.close();
            drop(caller);
        });
        let next = || told.recv_timeout(Duration::from_secs(20));
        assert_eq!((next(), next()), (Ok(true), Ok(false)));
        assert!(next().is_err_and(|over| over == std::sync::mpsc::RecvTimeoutError::Disconnected), "closed");
    }

    #[test]
    fn a_listener_has_the_mode_it_was_given_and_lets_callers_in() {
        for mode in [0o600, 0o666, 0o777] {
            let (_directory, path) = somewhere();
            let listener = listen(&path, mode);
            let file = std::fs::symlink_metadata(&path).unwrap();
            assert!(file.file_type().is_socket());
            assert_eq!(file.permissions().mode() & 0o7777, mode);
            assert!(listener.accept().unwrap().is_none());
            let caller = connect(&path, soon()).unwrap();
            assert!(wait_readable(&listener, Some(soon())).unwrap());
            let inside = listener.accept().unwrap().unwrap();
            assert!(is_cloexec(&caller) && is_cloexec(&inside) && is_cloexec(&listener));
            assert!(is_messages_socket(&caller) && is_messages_socket(&inside));
            assert!(matches!(receive(&caller, &mut [0; 4]).unwrap(), Incoming::Nothing));
            assert_eq!(peer_credentials(&inside).unwrap().pid, Some(getpid()));
        }
    }

    #[test]
    fn no_umask_takes_from_the_mode_and_none_is_needed() {
        if !is_own_process("sys::listener::tests::no_umask_takes_from_the_mode_and_none_is_needed") {
            return;
        }
        for umask in [0o777, 0o077, 0] {
            let (_directory, path) = somewhere();
            rustix::process::umask(Mode::from_raw_mode(umask));
            let listener = listen(&path, 0o660);
            assert_eq!(rustix::process::umask(Mode::empty()).as_raw_mode(), umask);
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o660);
            drop(listener);
        }
    }

    #[test]
    fn a_message_sent_before_it_was_let_in_tells_its_sender_too() {
        let (_directory, path) = somewhere();
        let listener = listen(&path, 0o600);
        let caller = connect(&path, soon()).unwrap();
        send(&caller, b"hello", &[]).unwrap();
        let inside = listener.accept().unwrap().unwrap();
        let got = message(&inside, &mut [0; 8]);
        assert_eq!(got.sender.unwrap().pid, Some(getpid()));
        assert_eq!(got.sender_pidfd.is_some(), set_pass_credentials(&inside).unwrap());
    }

    #[test]
    fn paths_longer_than_an_address_work() {
        let (directory, _) = somewhere();
        let mut path = directory.path().to_owned();
        while path.as_os_str().len() < 300 {
            path.push("a-directory-with-a-rather-long-name");
        }
        std::fs::create_dir_all(&path).unwrap();
        path.push("socket");
        let listener = listen(&path, 0o640);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        let caller = connect(&path, soon()).unwrap();
        send(&caller, b"hello", &[]).unwrap();
        assert_eq!(message(listener.accept().unwrap().unwrap(), &mut [0; 8]).len, 5);
        for len in [1, 82, 83, 107] {
            let path = path.with_file_name("x".repeat(len));
            let listener = listen(&path, 0o640);
            connect(&path, soon()).unwrap();
            assert!(listener.accept().unwrap().is_some(), "a name of {len} bytes");
        }
    }

    #[test]
    fn a_path_of_every_length_around_the_limit_works() {
        let (directory, _) = somewhere();
        let room = 112 - directory.path().as_os_str().len() - "//socket".len();
        for len in room - 8..=room {
            let path = directory.path().join("x".repeat(len)).join("socket");
            std::fs::create_dir(path.parent().unwrap()).unwrap();
            let listener = listen(&path, 0o600);
            connect(&path, soon()).unwrap();
            assert!(listener.accept().unwrap().is_some());
        }
    }

    #[test]
    fn errors_tell_a_missing_a_stale_and_a_foreign_file_apart() {
        let (_directory, path) = somewhere();
        assert_eq!(connect(&path, soon()).unwrap_err().kind(), io::ErrorKind::NotFound);
        drop(listen(&path, 0o600));
        eventually(|| connect(&path, soon()).is_err());
        assert_eq!(connect(&path, soon()).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let place = PathAt::new(&path).unwrap();
        assert_eq!(Listener::bind(&place, 0o600).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        place.remove().unwrap();
        let _stream = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(connect(&path, soon()).unwrap_err().raw_os_error(), Some(libc::EPROTOTYPE));
    }

    #[test]
    fn a_closed_door_is_closed_for_every_copy_of_it() {
        let (_directory, path) = somewhere();
        let listener = listen(&path, 0o600);
        let copy = Listener::from_fd(listener.as_fd().try_clone_to_owned().unwrap(), None).unwrap();
        let waiting = connect(&path, soon()).unwrap();
        listener.close();
        assert_eq!(connect(&path, soon()).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        assert!(is_hung_up(&waiting));
        assert!(copy.accept().unwrap().is_none());
    }

    #[test]
    fn only_a_listening_socket_is_taken_for_a_listener() {
        let (a, _b) = pair().unwrap();
        assert_eq!(Listener::from_fd(a, None).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let (end, _start) = std::io::pipe().unwrap();
        assert_eq!(Listener::from_fd(end.into(), None).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_caller_behind_a_crowd_waits_for_room_or_for_the_deadline() {
        let (_directory, path) = somewhere();
        let listener = listen(&path, 0o600);
        net::listen(&listener, 0).unwrap();
        let _first = connect(&path, soon()).unwrap();
        let start = Instant::now();
        let error = connect(&path, start + Duration::from_millis(5)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() >= Duration::from_millis(5));
        assert_eq!(connect(&path, start).unwrap_err().kind(), io::ErrorKind::TimedOut);
        thread::scope(|scope| {
            let second = scope.spawn(|| connect(&path, soon()).unwrap());
            for _ in 0..2 {
                assert!(wait_readable(&listener, Some(soon())).unwrap());
                assert!(listener.accept().unwrap().is_some());
            }
            second.join().unwrap();
        });
    }

    #[test]
    fn without_descriptors_a_caller_is_refused_and_the_door_rests() {
        if !is_own_process("sys::listener::tests::without_descriptors_a_caller_is_refused_and_the_door_rests")
        {
            return;
        }
        let (_directory, path) = somewhere();
        let listener = listen(&path, 0o600);
        let callers = [connect(&path, soon()).unwrap(), connect(&path, soon()).unwrap()];
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(50), maximum }).unwrap();
        let mut all = Vec::new();
        while let Ok(fd) = rustix::io::dup(&callers[0]) {
            all.push(fd);
        }
        for caller in &callers {
            assert_eq!(listener.accept().unwrap_err().raw_os_error(), Some(libc::EMFILE));
            assert!(is_hung_up(caller));
        }
        assert!(!wait_readable(&listener, Some(Instant::now())).unwrap(), "the door is quiet");
        setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
        let _caller = connect(&path, soon()).unwrap();
        assert!(listener.accept().unwrap().is_some());
    }
}
