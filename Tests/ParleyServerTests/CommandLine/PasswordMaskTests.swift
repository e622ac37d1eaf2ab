import Testing

@testable import parley

@Suite("What is shown of a URL")
struct PasswordMaskTests {
    @Test(
        "holds no password, wherever it stands",
        arguments: [
            ("postgres://parley:s3cret@db/parley", "postgres://parley:***@db/parley"),
            ("postgres://parley@db/parley", "postgres://parley@db/parley"),
            (
                "postgres:///parley?user=a&password=s3cret&sslmode=require",
                "postgres:///parley?user=a&password=***&sslmode=require"
            ),
            ("postgres://a:s3cret@h1:1,h2:2/d?sslpassword=s3cret", "postgres://a:***@h1:1,h2:2/d?sslpassword=***"),
            ("postgres://a:s3cret/@h/d", "postgres://***"), ("postgres://a:?s3cret@h/d", "postgres://***"),
            ("redis://:a#s3cret@h", "redis://***"), ("postgres://a:s3@cret@h/d", "postgres://a:***@h/d"),
            ("redis://:s3cret@cache:6379/1", "redis://:***@cache:6379/1"),
            (
                "rediss+sentinel://u:s3cret@a:1,b:2/m?sentinel_password=s3cret",
                "rediss+sentinel://u:***@a:1,b:2/m?sentinel_password=***"
            ),
            ("sqlite:parley.db", "sqlite:parley.db"), ("u:s3cret@host", "***"),
        ]
    )
    func masked(url: String, shown: String) {
        #expect(PasswordMask.mask(url) == shown)
    }
}
