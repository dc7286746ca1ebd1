//! The handler as the host sees it, without a process: routes against folders and host.json, and the layers.
