use locum_core::secret::Secret;

fn in_a_log(secret: &Secret<String>) -> String {
    format!("{secret:?}")
}

fn in_an_error(secret: &Secret<String>) -> String {
    format!("{secret}")
}

fn twice(secret: &Secret<String>) -> Secret<String> {
    secret.clone()
}

fn main() {}
