//! Remembering what a step was done for, so that it is only done again when that
//! has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders that hold nothing that anybody wrote.
const MADE: [&str; 4] = ["node_modules", "dist", "test-results", ".svelte-kit"];

/// A hash of the contents and names of all files in `paths` (files or folders),
/// without what tools have made there. It is good for comparing with one made
/// earlier on the same machine, and for nothing else.
///
/// # Errors
/// When a file cannot be read.
pub(crate) fn content_hash(paths: &[PathBuf]) -> Result<String> {
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in &files {
        let contents = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        file.hash(&mut hasher);
        contents.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether the stamp at `path` was set for `hash`.
pub(crate) fn is_set(path: &Path, hash: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|found| found == hash)
}

/// Sets the stamp at `path` for `hash`.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn set(path: &Path, hash: &str) -> Result<()> {
    fs::write(path, hash).with_context(|| format!("writing {}", path.display()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
    for entry in entries {
        let entry = entry?.path();
        let made = entry
            .file_name()
            .is_some_and(|name| MADE.iter().any(|made| name == *made));
        if !made {
            collect(&entry, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_hash_follows_contents_and_ignores_what_tools_made() {
        let folder = std::env::temp_dir().join(format!("kulti-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("dist")).unwrap();
        fs::write(folder.join("src/a.ts"), "1").unwrap();
        let paths = [folder.clone()];
        let first = content_hash(&paths).unwrap();

        fs::write(folder.join("dist/out.js"), "made").unwrap();
        assert_eq!(content_hash(&paths).unwrap(), first);
        fs::write(folder.join("src/a.ts"), "2").unwrap();
        let second = content_hash(&paths).unwrap();
        assert_ne!(second, first);
        fs::rename(folder.join("src/a.ts"), folder.join("src/b.ts")).unwrap();
        assert_ne!(content_hash(&paths).unwrap(), second);

        let stamp = folder.join("stamp");
        assert!(!is_set(&stamp, &first));
        set(&stamp, &first).unwrap();
        assert!(is_set(&stamp, &first) && !is_set(&stamp, &second));
        fs::remove_dir_all(folder).unwrap();
    }
}
