//! What Windows and hosts need of the files.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::toolchain;
use crate::bundle::check;
use crate::process;

/// The entry points of CLAP and of VST3 on Windows, and nothing else.
const EXPORTS: [&str; 4] = ["ExitDll", "GetPluginFactory", "InitDll", "clap_entry"];

/// DLLs of every Windows 10; their names have no case.
const SYSTEM: &[&str] = &[
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "combase.dll",
    "comctl32.dll",
    "comdlg32.dll",
    "d3d11.dll",
    "dwmapi.dll",
    "gdi32.dll",
    "imm32.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "opengl32.dll",
    "psapi.dll",
    "rpcrt4.dll",
    "shell32.dll",
    "shlwapi.dll",
    "user32.dll",
    "userenv.dll",
    "uxtheme.dll",
    "winmm.dll",
    "ws2_32.dll",
];

/// Each problem as a sentence; empty if there is none.
pub fn problems(plugin: &Path, cli: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for file in [plugin, cli] {
        let listing = process::capture(Command::new(toolchain::tool("objdump")).arg("-p").arg(file))?;
        let mut found = wrong_libraries(&listing);
        if file == plugin {
            found.extend(check::problems_in_exports(&exports(&listing), &EXPORTS));
        }
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{}: {problem}", file.display())),
        );
    }
    Ok(problems)
}

fn wrong_libraries(listing: &str) -> Vec<String> {
    listing
        .lines()
        .filter_map(|line| line.trim().strip_prefix("DLL Name: "))
        .map(str::to_ascii_lowercase)
        .filter(|name| !SYSTEM.contains(&name.as_str()) && !name.starts_with("api-ms-win-"))
        .map(|name| format!("needs {name}, which is not on every Windows"))
        .collect()
}

/// The names in objdump's table, one a line: `[   0] +base[   1]  0000 GetPluginFactory`.
fn exports(listing: &str) -> String {
    let table = listing
        .lines()
        .skip_while(|line| !line.contains("[Ordinal/Name Pointer] Table"))
        .skip(1);
    let names = table
        .take_while(|line| line.trim_start().starts_with('['))
        .filter_map(|line| line.split_whitespace().last());
    names.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_names_are_read_from_both_forms_of_the_table() {
        let listing = "x\n[Ordinal/Name Pointer] Table\n\t[   0] GetPluginFactory\n\t[   1] +base[   2]  0001 clap_entry\n\nend";
        assert_eq!(exports(listing), "GetPluginFactory\nclap_entry");
    }

    #[test]
    fn dll_that_windows_lacks_is_named() {
        let listing = "\tDLL Name: KERNEL32.dll\n\tDLL Name: api-ms-win-core-synch-l1-2-0.dll\n\tDLL Name: libgomp-1.dll\n";
        assert_eq!(
            wrong_libraries(listing),
            ["needs libgomp-1.dll, which is not on every Windows"]
        );
    }
}
