/work/wt-int/lt/loom/release/deps/scoped_tls-4f02268b27a94de3.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/scoped-tls-1.0.1/src/lib.rs

/work/wt-int/lt/loom/release/deps/libscoped_tls-4f02268b27a94de3.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/scoped-tls-1.0.1/src/lib.rs

/work/wt-int/lt/loom/release/deps/libscoped_tls-4f02268b27a94de3.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/scoped-tls-1.0.1/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/scoped-tls-1.0.1/src/lib.rs:
