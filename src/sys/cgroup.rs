//! How much memory the control groups of this process leave it. It only reads what the kernel shows in files. Where there are no such
//! files, the kernel alone knows.
//!
//! Without it a group's limit is no error: the kernel frees what it can, and then kills a process of the group.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Version 1 has no word for it: the largest number of whole pages stands there.
const NO_LIMIT: u64 = 1 << 62;

/// The two interfaces of the kernel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Version {
    One,
    Two,
}

/// The group of this process that counts memory, and the outermost one that can be seen.
#[derive(PartialEq, Eq, Debug)]
struct Group {
    version: Version,
    innermost: PathBuf,
    outermost: PathBuf,
}

/// Returns the bytes that new pages can have in every group that this process is in, with `swap` bytes of swap space free, if those
/// are less than it needs. `None`: there is room, as far as can be seen.
pub(super) fn too_little_memory(need: u64, swap: u64) -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let group = Group::find(&groups, &mounts)?;
    group.and_outer_ones().filter_map(|folder| group.version.too_little(folder, need, swap)).min()
}

impl Group {
    /// Finds it in the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`.
    fn find(groups: &str, mounts: &str) -> Option<Group> {
        // `4:memory:/path` of version 1; `0::/path` of version 2, which counts memory if version 1 does not.
        let lines = groups.lines().filter_map(|line| {
            let (_, rest) = line.split_once(':')?;
            rest.split_once(':')
        });
        let mut second = None;
        for (controllers, path) in lines {
            if controllers.split(',').any(|controller| controller == "memory") {
                return Group::mounted(Version::One, path, mounts);
            }
            if controllers.is_empty() {
                second = Some(path);
            }
        }
        Group::mounted(Version::Two, second?, mounts)
    }

    fn mounted(version: Version, path: &str, mounts: &str) -> Option<Group> {
        mounts.lines().find_map(|line| {
            // `36 35 98:0 ROOT PLACE options - kind source options`
            let (mount, system) = line.split_once(" - ")?;
            let mut system = system.split(' ');
            let is_it = match version {
                Version::One => {
                    system.next()? == "cgroup" && system.nth(1)?.split(',').any(|option| option == "memory")
                }
                Version::Two => system.next()? == "cgroup2",
            };
            if !is_it {
                return None;
            }
            let mut mount = mount.split(' ').skip(3);
            let (root, place) = (mount.next()?, mount.next()?);
            let inside = Path::new(path).strip_prefix(root).ok()?;
            Some(Group { version, innermost: Path::new(place).join(inside), outermost: place.into() })
        })
    }

    fn and_outer_ones(&self) -> impl Iterator<Item = &Path> {
        self.innermost.ancestors().take_while(|folder| folder.starts_with(&self.outermost))
    }
}

impl Version {
    /// Returns what is left in one group, if it is less than needed.
    fn too_little(self, folder: &Path, need: u64, swap: u64) -> Option<u64> {
        // To sum up a group's pages takes the kernel longer than all else here, and seldom decides.
        let is_little = |files| self.left(folder, swap, files).filter(|left| *left < need);
        is_little(0)?;
        is_little(self.files(folder))
    }

    /// Returns the bytes of pages of files. They are counted as used, but the kernel gives them up before it kills a process.
    fn files(self, folder: &Path) -> u64 {
        let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let prefix = if self == Version::One { "total_" } else { "" };
        let pages = |name: &str| {
            let line = |line: &str| line.strip_prefix(prefix)?.strip_prefix(name)?.parse::<u64>().ok();
            stat.lines().find_map(line).unwrap_or(0)
        };
        pages("inactive_file ").saturating_add(pages("active_file "))
    }

    /// Returns what is left in one group in which so many bytes can be had again; `None` if it has no limit.
    fn left(self, folder: &Path, swap: u64, files: u64) -> Option<u64> {
        let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
        let free = |limit: u64, used: u64| limit.saturating_sub(used.saturating_sub(files));
        match self {
            Version::One => {
                // The limit of memory and swap together is never below this one.
                let limit = number("memory.limit_in_bytes").filter(|limit| *limit < NO_LIMIT)?;
                let memory = free(limit, number("memory.usage_in_bytes")?);
                let both = number("memory.memsw.limit_in_bytes").zip(number("memory.memsw.usage_in_bytes"));
                let both = both.map_or(u64::MAX, |(limit, used)| free(limit, used));
                Some(memory.saturating_add(swap).min(both))
            }
            Version::Two => {
                let memory = free(number("memory.max")?, number("memory.current")?);
                let used = number("memory.swap.current").unwrap_or(0);
                let swap =
                    number("memory.swap.max").map_or(swap, |limit| swap.min(limit.saturating_sub(used)));
                Some(memory.saturating_add(swap))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(version: Version, innermost: &str, outermost: &str) -> Option<Group> {
        Some(Group { version, innermost: innermost.into(), outermost: outermost.into() })
    }

    #[test]
    fn the_group_that_counts_memory_is_found() {
        let mounts = "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let first = "9:name=systemd:/\n4:memory,hugetlb:/a/b\n0::/c\n";
        let found = group(Version::One, "/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory");
        assert_eq!(Group::find(first, mounts), found);
        let second = "0::/c\n";
        let found = group(Version::Two, "/sys/fs/cgroup/unified/c", "/sys/fs/cgroup/unified");
        assert_eq!(Group::find(second, mounts), found);
        let inside = "30 20 0:26 /c/d /sys/fs/cgroup ro shared:4 - cgroup2 cgroup rw\n";
        assert_eq!(Group::find("0::/c/d\n", inside), group(Version::Two, "/sys/fs/cgroup", "/sys/fs/cgroup"));
        assert_eq!(Group::find("0::/elsewhere\n", inside), None);
        assert_eq!(Group::find("", mounts), None);
        assert_eq!(Group::find("nonsense\n", "more of it"), None);
    }

    #[test]
    fn the_outer_groups_count_too() {
        let group = group(Version::Two, "/groups/a/b", "/groups").unwrap();
        let folders: Vec<_> = group.and_outer_ones().collect();
        assert_eq!(folders, ["/groups/a/b", "/groups/a", "/groups"].map(Path::new));
    }

    #[test]
    fn a_group_leaves_its_limit_less_what_cannot_be_reclaimed() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let left = |version: Version, swap| version.left(folder.path(), swap, version.files(folder.path()));
        assert_eq!((left(Version::One, 0), left(Version::Two, 0)), (None, None), "none is seen");
        write("memory.max", "max\n");
        write("memory.current", "700\n");
        assert_eq!(left(Version::Two, 0), None, "no limit");
        write("memory.max", "1000\n");
        write("memory.stat", "inactive_file 100\nactive_file 50\ntotal_active_file 400\n");
        assert_eq!(left(Version::Two, 0), Some(450));
        let too_little = |need| Version::Two.too_little(folder.path(), need, 0);
        assert_eq!((too_little(300), too_little(450), too_little(451)), (None, None, Some(450)));
        assert_eq!(left(Version::Two, 80), Some(530));
        write("memory.swap.max", "60\n");
        write("memory.swap.current", "20\n");
        assert_eq!(left(Version::Two, 80), Some(490));
        write("memory.limit_in_bytes", "1000\n");
        write("memory.usage_in_bytes", "1300\n");
        assert_eq!(left(Version::One, 0), Some(100));
        write("memory.memsw.limit_in_bytes", "1200\n");
        write("memory.memsw.usage_in_bytes", "1500\n");
        assert_eq!(left(Version::One, 500), Some(100));
    }
}
