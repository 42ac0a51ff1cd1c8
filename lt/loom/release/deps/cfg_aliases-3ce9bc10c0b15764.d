/work/wt-int/lt/loom/release/deps/cfg_aliases-3ce9bc10c0b15764.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/cfg_aliases-0.2.2/src/lib.rs

/work/wt-int/lt/loom/release/deps/libcfg_aliases-3ce9bc10c0b15764.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/cfg_aliases-0.2.2/src/lib.rs

/work/wt-int/lt/loom/release/deps/libcfg_aliases-3ce9bc10c0b15764.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/cfg_aliases-0.2.2/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/cfg_aliases-0.2.2/src/lib.rs:
