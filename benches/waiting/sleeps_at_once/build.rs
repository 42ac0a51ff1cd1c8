//! Has the tasks of this copy of the library neither spin nor yield.

fn main() {
    println!("cargo::rustc-check-cfg=cfg(shmpsc_loom)");
    println!("cargo::rustc-check-cfg=cfg(shmpsc_sleeps_at_once)");
    println!("cargo::rustc-cfg=shmpsc_sleeps_at_once");
    println!("cargo::rerun-if-changed=build.rs");
}
