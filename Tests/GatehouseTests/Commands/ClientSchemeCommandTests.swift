import JOSE
import TestSupport
import Testing

@Suite("clients add and private-use schemes")
struct ClientSchemeCommandTests {
    @Test(arguments: ["mailto", "javascript", "intent", "MAILTO"])
    func `a forbidden scheme is refused even with --own-scheme, which the error does not offer`(
        scheme: String
    ) async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for rest in [[], ["--own-scheme", scheme]] {
                let run = try await gatehouse(
                    ["clients", "add", "--name", "N", "--redirect-uri", "\(scheme):x@a.example"] + rest)
                #expect(run.status == 1 && run.errorLines.count == 1, "\(run.errors)")
                #expect(
                    run.errors.contains("IANA registers it for something else")
                        || run.errors.contains("No answer is ever sent to"), "\(run.errors)")
                #expect(!run.errors.contains("--own-scheme"))
            }
            #expect(try await gatehouse("clients", "list", "--json").json() == [])
        }
    }

    @Test func `schemes are compared without case, in the redirect and in --own-scheme`() async throws {
        try await CommandLineProgram.onFreshDatabase { gatehouse in
            for (redirect, rest) in [
                ("CURSOR://place/callback", []), ("ACME:/cb", ["--own-scheme", "acme"]),
                ("acme:/cb", ["--own-scheme", "Acme"]),
            ] {
                let run = try await gatehouse(["clients", "add", "--name", "N", "--redirect-uri", redirect] + rest)
                #expect(run.status == 0, "\(run.errors)")
            }
            let bare = try await gatehouse("clients", "add", "--name", "N", "--redirect-uri", "cursor:")
            #expect(bare.status == 1 && bare.errors.contains("something behind 'cursor:'"), "\(bare.errors)")
            #expect(try await gatehouse("clients", "list", "--json").json().array?.count == 3)
        }
    }
}
