import JOSE
import Testing

@Suite("Secrets")
struct SecretTests {
    private struct Holder {
        let name = "holder"
        let secret = Secret("correct horse")
        let list = [Secret("battery staple")]
    }

    @Test func `no way of printing shows a secret`() {
        let holder = Holder()
        var dumped = ""
        dump(holder, to: &dumped)
        var dumpedAlone = ""
        dump(holder.secret, to: &dumpedAlone)
        let printed = [
            "\(holder)", "\(holder.secret)", String(describing: holder.list), String(reflecting: holder),
            String(reflecting: holder.secret), "\(Optional(holder.secret) as Any)", dumped, dumpedAlone,
            "\(Mirror(reflecting: holder.secret).children.map(\.value))",
        ]
        for text in printed {
            #expect(!text.contains("horse") && !text.contains("staple"))
            #expect(!text.contains("bytes") && !text.contains("99, 111, 114"))
        }
        #expect("\(holder.secret)" == "[secret]")
    }

    @Test func `a secret is revealed only when asked, and compared by its bytes`() {
        #expect(Secret("correct horse").reveal() == "correct horse")
        #expect(Secret("a") == Secret(bytes: [0x61]))
        #expect(Secret("a") != Secret("b"))
    }

    @Test func `a secret can be neither encoded nor hashed`() {
        #expect(!(Secret("a") as Any is any Encodable))
        #expect(!(Secret("a") as Any is any Hashable))
    }
}
