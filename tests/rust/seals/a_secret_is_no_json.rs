use locum_core::secret::Secret;

fn in_json(secret: &Secret<String>) -> String {
    serde_json::to_string(secret).unwrap()
}

fn main() {}
