import JOSE
import Testing

@Suite("RFC 7914 password hashes")
struct PasswordHashTests {
    @Test func `a hash of another implementation verifies`() {
        // By Python's hashlib: the vectors of RFC 7914 §12 have salts that are too short for the stored form.
        let stored = "$scrypt$ln=4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$2nYYR1WNiVIE4oqKrxPuQubql1AU4+laWwCM1jFvCJc"
        #expect(PasswordHash(stored)?.verifies(Secret("correct horse")) == true)
        #expect(PasswordHash(stored)?.verifies(Secret("correct horsf")) == false)
    }

    @Test func `a hash of another than the standard cost needs a rehash`() {
        let hash = PasswordHash.make(Secret("correct horse"))
        #expect(hash.string.hasPrefix("$scrypt$ln=15,r=8,p=3$"))
        #expect(hash.verifies(Secret("correct horse")))
        #expect(!hash.needsRehash())
        #expect(PasswordHash.make(Secret("x"), cost: .cheapForTests).needsRehash())
    }

    @Test func `a hash is parsed from its text and has its own salt`() {
        let a = PasswordHash.make(Secret("pässword"), cost: .cheapForTests)
        let b = PasswordHash.make(Secret("pässword"), cost: .cheapForTests)
        #expect(a != b)
        #expect(PasswordHash(a.string) == a)
        #expect(a.verifies(Secret("pässword")))
        for wrong in ["", "password", "pässword ", "pässwor"] { #expect(!a.verifies(Secret(wrong))) }
    }

    @Test(arguments: [
        "", "$", "plain", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA", "$scrypt$ln=15,r=8,p=3$$",
        "$scrypt$ln=40,r=8,p=3$SALT$HASH",
        "$scrypt$ln=0,r=8,p=3$SALT$HASH", "$scrypt$ln=15,r=200,p=3$SALT$HASH", "$scrypt$ln=15,r=8,p=99$SALT$HASH",
        "$scrypt$r=8,ln=15,p=3$SALT$HASH", "$scrypt$ln=4,r=1,p=1$SALT$HASH$", "$scrypt$ln=4,r=1,p=1$SALT$SALT",
    ])
    func `another notation or an excessive cost is refused`(text: String) {
        let salt = "AAAAAAAAAAAAAAAAAAAAAA"
        let hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        let good = "$scrypt$ln=4,r=1,p=1$\(salt)$\(hash)"
        #expect(PasswordHash(good) != nil)
        let parts = text.split(separator: "$", omittingEmptySubsequences: false).map(String.init)
        let filled = parts.map { $0 == "SALT" ? salt : $0 == "HASH" ? hash : $0 }.joined(separator: "$")
        #expect(PasswordHash(filled) == nil)
    }

    @Test func `a hash is not printed`() {
        let hash = PasswordHash.make(Secret("x"), cost: .cheapForTests)
        var dumped = ""
        dump(hash, to: &dumped)
        #expect("\(hash)\(String(reflecting: hash))" == "[password hash][password hash]")
        #expect(!dumped.contains("salt"))
    }
}
