import JOSE
import Testing

@testable import OAuth

@Suite("RFC 8628 §6.1 user codes")
struct UserCodeTests {
    @Test func `the code of the specification is read and shown as there`() {
        #expect(UserCode("WDJB-MJHT")?.shown == "WDJB-MJHT")
    }

    @Test(arguments: [
        "wdjbmjht", "WDJBMJHT", "wdjb-mjht", " WDJB MJHT ", "w-d-j-b-m-j-h-t", "WDJB\u{2013}MJHT", "WDJB.MJHT\n",
        "WDJB\u{200B}MJHT", "wDjB_mJhT",
    ])
    func `case, blanks and punctuation do not count`(typed: String) {
        #expect(UserCode(typed)?.shown == "WDJB-MJHT")
    }

    @Test(arguments: [
        "", "-", "WDJB-MJH", "WDJB-MJHTX", "WDJB-MJHA", "WDJB-MJH0", "WDJB-MJHY", "W\u{0110}JB-MJHT",
        "\u{212A}DJB-MJHT",
        "ＷＤＪＢＭＪＨＴ", "WDJB-MJHT🦊", "WDJB+MJHT", String(repeating: "-", count: 57) + "WDJBMJHT",
    ])
    func `letters outside of the alphabet, other lengths and other scripts are no code`(typed: String) {
        #expect(UserCode(typed) == nil)
    }

    @Test func `random codes are well-formed and use each letter of the alphabet evenly`() {
        var counts: [Character: Int] = [:]
        for _ in 0..<20_000 {
            let code = UserCode.random().shown
            #expect(UserCode(code)?.shown == code && code.count == 9)
            for letter in code where letter != "-" { counts[letter, default: 0] += 1 }
        }
        #expect(counts.keys.sorted() == Array("BCDFGHJKLMNPQRSTVWXZ"))
        // 160,000 letters: 8,000 of each, with a standard deviation of 87.
        #expect(counts.values.allSatisfy { (7_300...8_700).contains($0) }, "\(counts)")
        // A byte modulo twenty would be one of the last four letters 30,000 times instead of 32,000; the deviation is 160.
        #expect("VWXZ".reduce(0) { $0 + (counts[$1] ?? 0) } > 31_000)
    }

    @Test func `the digest depends on the letters and on the key alone, and the code prints nothing`() throws {
        let (key, other) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        let code = try #require(UserCode("WDJB-MJHT"))
        #expect(code.digest(key: key) == UserCode("wdjb mjht")?.digest(key: key))
        #expect(code.digest(key: key) != code.digest(key: other))
        #expect(code.digest(key: key) != UserCode("WDJB-MJHX")?.digest(key: key))
        #expect(!"\(code) \(String(reflecting: code))".contains("WDJB"))
    }
}
