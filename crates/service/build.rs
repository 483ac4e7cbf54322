//! Says what is missing when the pages' scripts and styles were not bundled. Never calls npm itself.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
    for file in ["main.js", "push-worker.js", "tenon.css"] {
        if !std::path::Path::new("../../web/dist").join(file).exists() {
            println!(
                "cargo::error=web/dist/{file} is missing. Run `make web` (npm ci and npm run build in web/) first."
            );
        }
    }
}
