/work/wt-int/lt/loom/release/deps/pin_project_lite-d0b02ef0176cd3a4.d: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/pin-project-lite-0.2.18/src/lib.rs

/work/wt-int/lt/loom/release/deps/libpin_project_lite-d0b02ef0176cd3a4.rlib: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/pin-project-lite-0.2.18/src/lib.rs

/work/wt-int/lt/loom/release/deps/libpin_project_lite-d0b02ef0176cd3a4.rmeta: /root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/pin-project-lite-0.2.18/src/lib.rs

/root/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/pin-project-lite-0.2.18/src/lib.rs:
