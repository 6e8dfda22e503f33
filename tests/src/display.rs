//! A virtual X server (Xvfb), for tests that open the editor.

use anyhow::{Context, Result, ensure};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// A running Xvfb, killed when this value is dropped.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts Xvfb on a free display number.
    ///
    /// # Errors
    /// If Xvfb is not installed (the message says how to install it) or does not start.
    pub fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x1024x24",
                "-nolisten",
                "tcp",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the tests of the editor need Xvfb, a virtual X server: apt-get install xvfb")?;
        let output = server.stdout.take().context("Xvfb has no stdout")?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        let name = format!(":{}", number.trim());
        let display = Self { server, name };
        ensure!(!number.trim().is_empty(), "Xvfb did not start");
        Ok(display)
    }

    /// The value of `DISPLAY` for programs that are to use this server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Creates a host's windows on the display that `DISPLAY` names.
pub struct Windows {
    connection: RustConnection,
    root: u32,
}

impl Windows {
    /// Connects to the display.
    ///
    /// # Errors
    /// If there is no such display.
    pub fn connect() -> Result<Self> {
        let (connection, screen) = x11rb::connect(None)?;
        let root = connection.setup().roots[screen].root;
        Ok(Self { connection, root })
    }

    /// Creates and shows a window.
    ///
    /// # Errors
    /// If the server reports an error.
    pub fn open(&self) -> Result<u32> {
        let window = self.connection.generate_id()?;
        let aux = CreateWindowAux::new();
        let (depth, visual) = (x11rb::COPY_DEPTH_FROM_PARENT, x11rb::COPY_FROM_PARENT);
        self.connection
            .create_window(
                depth,
                window,
                self.root,
                0,
                0,
                900,
                800,
                0,
                WindowClass::INPUT_OUTPUT,
                visual,
                &aux,
            )?
            .check()?;
        self.connection.map_window(window)?.check()?;
        Ok(window)
    }

    /// Destroys a window with all its children.
    ///
    /// # Errors
    /// If the server reports an error.
    pub fn close(&self, window: u32) -> Result<()> {
        self.connection.destroy_window(window)?.check()?;
        Ok(())
    }

    /// Sends `WM_DELETE_WINDOW` to the child of a window, as a window manager does.
    ///
    /// # Errors
    /// If the window has no child, or the server reports an error.
    pub fn request_close(&self, window: u32) -> Result<()> {
        let atom = |name: &str| -> Result<u32> {
            Ok(self.connection.intern_atom(false, name.as_bytes())?.reply()?.atom)
        };
        let children = self.connection.query_tree(window)?.reply()?.children;
        let child = *children.first().context("the window has no child")?;
        let message = ClientMessageEvent::new(
            32,
            child,
            atom("WM_PROTOCOLS")?,
            [atom("WM_DELETE_WINDOW")?, 0, 0, 0, 0],
        );
        self.connection
            .send_event(false, child, EventMask::NO_EVENT, message)?
            .check()?;
        Ok(())
    }
}
