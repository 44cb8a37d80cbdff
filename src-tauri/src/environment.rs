//! The WebKitGTK environment, made right before GTK starts.
//!
//! Without a usable GPU, WebKitGTK's DMA-BUF renderer costs memory at best, shows an
//! empty window or aborts at worst (virtual machines, containers, NVIDIA's driver).
//! There, and only where the person has not decided it, it is switched off.

/// Decides how WebKitGTK draws. Where that takes another environment, the program
/// starts itself again with it (a process may not change its own safely); then this
/// does not return.
#[cfg(target_os = "linux")]
pub(crate) fn prepare() {
    use std::{os::unix::process::CommandExt, path::Path, process::Command};

    const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
    let set = std::env::var_os(SWITCH).is_some();
    let Some(why) = reason_to_disable(set, Path::new("/dev/dri"), Path::new("/sys/module/nvidia"))
    else {
        return;
    };
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let mut arguments = std::env::args_os();
    let mut again = Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments).env(SWITCH, "1").env(WHY, why);
    // Only returns if it failed; then WebKitGTK decides by itself.
    let _failed = again.exec();
}

/// Nothing to decide on other systems.
#[cfg(not(target_os = "linux"))]
pub(crate) fn prepare() {}

/// Why the renderer was switched off, told from the first start to the second.
const WHY: &str = "KULTI_DMABUF_DISABLED_BECAUSE";

/// Whether this start has no GPU to draw with, or none that WebKitGTK gets along with.
#[cfg(target_os = "linux")]
pub(crate) fn draws_in_software() -> bool {
    std::env::var_os(WHY).is_some()
}

/// Says in the log what [`prepare`] did; logging is not set up yet when it runs.
pub(crate) fn log_decision() {
    if let Ok(why) = std::env::var(WHY) {
        tracing::info!(
            why,
            "WebKitGTK's DMA-BUF renderer is off; set WEBKIT_DISABLE_DMABUF_RENDERER to decide otherwise"
        );
    }
}

#[cfg(target_os = "linux")]
fn reason_to_disable(
    set: bool,
    dri: &std::path::Path,
    nvidia: &std::path::Path,
) -> Option<&'static str> {
    if set {
        return None;
    }
    if nvidia.exists() {
        return Some("NVIDIA's driver is loaded");
    }
    let is_render_node =
        |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("renderD");
    let has_gpu = std::fs::read_dir(dri).is_ok_and(|entries| entries.flatten().any(is_render_node));
    (!has_gpu).then_some("there is no GPU")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::reason_to_disable;

    #[test]
    fn the_renderer_is_switched_off_without_a_gpu_and_with_nvidia_only() {
        let dir = tempfile::tempdir().unwrap();
        let (dri, nvidia) = (dir.path().join("dri"), dir.path().join("nvidia"));
        assert!(
            reason_to_disable(false, &dri, &nvidia).is_some(),
            "no /dev/dri"
        );
        std::fs::create_dir(&dri).unwrap();
        std::fs::write(dri.join("card0"), "").unwrap();
        assert!(
            reason_to_disable(false, &dri, &nvidia).is_some(),
            "a display, no GPU"
        );
        std::fs::write(dri.join("renderD128"), "").unwrap();
        assert!(reason_to_disable(false, &dri, &nvidia).is_none(), "a GPU");
        std::fs::create_dir(&nvidia).unwrap();
        assert!(
            reason_to_disable(false, &dri, &nvidia).is_some(),
            "NVIDIA's driver"
        );
        assert!(
            reason_to_disable(true, &dri, &nvidia).is_none(),
            "the person decided"
        );
    }
}
