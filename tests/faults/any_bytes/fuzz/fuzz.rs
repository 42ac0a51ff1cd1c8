//! The target of libFuzzer. `.ci/fuzz` builds and runs it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| shmpsc_any_bytes::any_bytes(data));
