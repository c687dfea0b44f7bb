//! Text files of the repository.

use std::fs;
use std::path::Path;

/// Generated files and folders, and those of one machine.
const IGNORED: [&str; 7] = [".git", "target", "var", ".venv", ".env", "node_modules", "__pycache__"];

#[derive(Debug, Clone)]
pub struct RepositoryFile {
    /// Path from the root of the repository.
    pub path: String,
    pub text: String,
}

/// Returns every text file below `folder` (a path from the root, empty for all), sorted by path.
pub fn below(folder: &str) -> Vec<RepositoryFile> {
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Reads a file. Returns `None` if it does not exist or is not text.
pub fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn collect(folder: &str, found: &mut Vec<RepositoryFile>) {
    let absolute = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    for entry in fs::read_dir(absolute).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if IGNORED.contains(&name.as_str()) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.path().is_dir() {
            collect(&path, found);
        } else if let Some(text) = read(&path) {
            found.push(RepositoryFile { path, text });
        }
    }
}
