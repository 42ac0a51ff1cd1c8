/work/wt-int/lt/loom/release/deps/futures_sink-b84d53c08e4e9a51.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-sink-0.3.34/src/lib.rs

/work/wt-int/lt/loom/release/deps/libfutures_sink-b84d53c08e4e9a51.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-sink-0.3.34/src/lib.rs

/work/wt-int/lt/loom/release/deps/libfutures_sink-b84d53c08e4e9a51.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-sink-0.3.34/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/futures-sink-0.3.34/src/lib.rs:
