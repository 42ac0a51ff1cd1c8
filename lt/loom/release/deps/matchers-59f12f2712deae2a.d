/work/wt-int/lt/loom/release/deps/matchers-59f12f2712deae2a.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/matchers-0.2.0/src/lib.rs

/work/wt-int/lt/loom/release/deps/libmatchers-59f12f2712deae2a.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/matchers-0.2.0/src/lib.rs

/work/wt-int/lt/loom/release/deps/libmatchers-59f12f2712deae2a.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/matchers-0.2.0/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/matchers-0.2.0/src/lib.rs:
