//! Which lines of the library the inputs of some folders reach. `.ci/fuzz` builds it as it builds the fuzzer: the compiler
//! counts each edge between blocks, and binutils' `addr2line` says on which line a block begins. A line is reached if any
//! block on it is. Blocks that end in a panic, which `objdump` shows, are counted apart: an input that reaches one ends this
//! program. With `keep FOLDER` in front, the inputs that reach a new block are copied there.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

static COUNTERS: AtomicPtr<u8> = AtomicPtr::new(std::ptr::null_mut());
static PLACES: AtomicPtr<[usize; 2]> = AtomicPtr::new(std::ptr::null_mut());
static EDGES: AtomicUsize = AtomicUsize::new(0);

// What the compiler's instrumentation calls.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, _: *mut u8) {
    COUNTERS.store(start, Relaxed);
}
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_pcs_init(start: *mut [usize; 2], end: *mut [usize; 2]) {
    PLACES.store(start, Relaxed);
    EDGES.store((end as usize).wrapping_sub(start as usize) / size_of::<[usize; 2]>(), Relaxed);
}
macro_rules! ignored {
    ($($name:ident($($of:ty),*);)*) => { $(
        #[unsafe(no_mangle)]
        extern "C" fn $name($(_: $of),*) {}
    )* };
}
ignored! {
    __sanitizer_cov_trace_cmp1(u8, u8);
    __sanitizer_cov_trace_cmp2(u16, u16);
    __sanitizer_cov_trace_cmp4(u32, u32);
    __sanitizer_cov_trace_cmp8(u64, u64);
    __sanitizer_cov_trace_const_cmp1(u8, u8);
    __sanitizer_cov_trace_const_cmp2(u16, u16);
    __sanitizer_cov_trace_const_cmp4(u32, u32);
    __sanitizer_cov_trace_const_cmp8(u64, u64);
    __sanitizer_cov_trace_switch(u64, *const u64);
    __sanitizer_cov_trace_pc_indir(usize);
}

/// The address of each edge, which is that in the program's file.
fn edges() -> Vec<usize> {
    let places = PLACES.load(Relaxed);
    // SAFETY: the table has one row for each edge.
    (0..EDGES.load(Relaxed)).map(|number| unsafe { places.add(number).read()[0] }).collect()
}

/// Notes which edges have been taken since it was asked last. Whether any of them had not been before.
fn note(taken: &mut [bool]) -> bool {
    let counters = COUNTERS.load(Relaxed);
    let mut is_new = false;
    for (number, taken) in taken.iter_mut().enumerate() {
        // SAFETY: there is a byte for each edge, and this one thread's code counts it up.
        let count = unsafe { counters.add(number).read_volatile() };
        if count > 0 {
            is_new |= !*taken;
            *taken = true;
            // SAFETY: as above. Eight bits count to 255, and then are 0 again.
            unsafe { counters.add(number).write_volatile(0) };
        }
    }
    is_new
}

/// What a tool of binutils says of this program, asked so.
fn told(tool: &str, how: &[&str], asked: String) -> String {
    let program = std::env::current_exe().expect("the program has a path");
    let mut tool = Command::new(tool)
        .args(how)
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a tool of binutils");
    let mut input = tool.stdin.take().expect("it is piped");
    // A tool that asks for nothing does not listen to the end.
    let asking = std::thread::spawn(move || drop(input.write_all(asked.as_bytes())));
    let told = tool.wait_with_output().expect("it answers").stdout;
    asking.join().expect("no panic");
    String::from_utf8_lossy(&told).into_owned()
}

/// Of each address the file and line of the library, or none: the innermost of the functions that were inlined there.
fn places(addresses: impl Iterator<Item = usize>) -> Vec<Option<(String, u32)>> {
    let asked: String = addresses.map(|address| format!("{address:x}\n")).collect();
    let mut places = Vec::new();
    for line in told("addr2line", &["-a", "-i", "-e"], asked).lines() {
        if line.starts_with("0x") {
            places.push(None);
        } else if let Some(place @ None) = places.last_mut() {
            *place = of_the_library(line);
        }
    }
    places
}

/// The part of a path below the library's `src`, and the line.
fn of_the_library(place: &str) -> Option<(String, u32)> {
    let (path, line) = place.split_whitespace().next()?.rsplit_once(':')?;
    let (_, file) = path.rsplit_once("any_bytes/../../../src/")?;
    (!file.contains("..")).then_some((file.to_owned(), line.parse().ok()?))
}

/// The blocks that end in a panic: of those that begin at these addresses, which call one before they go anywhere else.
fn panics(addresses: &[usize]) -> Vec<bool> {
    let code = told("objdump", &["-d", "-C", "--no-show-raw-insn"], String::new());
    let instruction = |line: &'_ str| {
        let (address, what) = line.split_once(':')?;
        Some((usize::from_str_radix(address.trim(), 16).ok()?, what.trim().to_owned()))
    };
    let code: BTreeMap<usize, String> = code.lines().filter_map(instruction).collect();
    // Of x86-64 and aarch64.
    let leaves = |what: &str| {
        let name = what.split_whitespace().next().unwrap_or("");
        name.starts_with(['j', 'b']) && !name.starts_with("bt")
            || ["call", "ret", "cbz", "cbnz", "tbz", "tbnz"].contains(&name)
    };
    let ends_in_panic = |address: &usize| {
        let mut rest = code.range(address..).map(|(_, what)| what).take(40);
        rest.find(|what| leaves(what)).is_some_and(|what| what.contains("panic") || what.contains("_fail"))
    };
    addresses.iter().map(ends_in_panic).collect()
}

/// What is known of a source file. The same code stands in the program once for each size of a value.
#[derive(Default)]
struct File {
    lines: BTreeMap<u32, bool>,
    blocks: usize,
    reached: usize,
    panics: usize,
}

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let keep = arguments.first().is_some_and(|first| first == "keep");
    let kept = keep.then(|| arguments.remove(1));
    let addresses = edges();
    let mut taken = vec![false; addresses.len()];
    let mut inputs = 0;
    for folder in &arguments[usize::from(keep)..] {
        let files = std::fs::read_dir(folder).expect("a folder of inputs");
        let mut files: Vec<_> = files.map(|file| file.expect("an entry").path()).collect();
        // The small ones first.
        files.sort_by_key(|path| (path.metadata().map_or(0, |data| data.len()), path.clone()));
        for path in files {
            shmpsc_any_bytes::any_bytes(&std::fs::read(&path).expect("an input is a file"));
            inputs += 1;
            let is_new = note(&mut taken);
            if let Some(kept) = kept.as_ref().filter(|_| is_new) {
                let name = path.file_name().expect("a file has a name");
                let copy = std::path::Path::new(kept).join(name);
                // A file that is copied onto itself would be empty then.
                if !copy.exists() {
                    std::fs::copy(&path, copy).expect("a file is copied");
                }
            }
        }
    }
    let mut files = BTreeMap::<String, File>::new();
    for ((is_taken, place), panics) in
        taken.iter().zip(places(addresses.iter().copied())).zip(panics(&addresses))
    {
        let Some((file, line)) = place else { continue };
        let file = files.entry(file).or_default();
        if panics {
            file.panics += 1;
        } else {
            file.blocks += 1;
            file.reached += usize::from(*is_taken);
            *file.lines.entry(line).or_default() |= *is_taken;
        }
    }
    println!("coverage of {inputs} inputs");
    println!("  lines reached     blocks reached    blocks that panic");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../src");
    for (name, file) in &files {
        let reached = file.lines.values().filter(|is_reached| **is_reached).count();
        println!(
            "{:>6} of {:<6} {:>8} of {:<6} {:>8}            {name}",
            reached,
            file.lines.len(),
            file.reached,
            file.blocks,
            file.panics
        );
        let text = std::fs::read_to_string(format!("{source}/{name}")).unwrap_or_default();
        let text: Vec<&str> = text.lines().collect();
        for (line, _) in file.lines.iter().filter(|(_, is_reached)| !**is_reached) {
            let text = text.get(*line as usize - 1).map_or("", |text| text.trim());
            println!("    not reached: {name}:{line}: {text}");
        }
    }
    println!("accesses to shared words in the call of each kind that came closest to its bound");
    for (call, made, allowed) in shmpsc_any_bytes::most_seen() {
        println!("{made:>7} of {allowed:<9} {call}");
    }
}
