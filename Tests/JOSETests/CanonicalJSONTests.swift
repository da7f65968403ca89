import JOSE
import Testing

@Suite("RFC 8785 JSON Canonicalization Scheme")
struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String {
        String(decoding: try JSON.parse(Array(text.utf8)).canonical(), as: UTF8.self)
    }

    @Test func `section 3.2.2 and 3.2.3: the example of the RFC comes out byte by byte`() throws {
        let text = #"""
            {"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
             "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
             "literals":[null,true,false]}
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonical(text) == expected)
    }

    @Test func `section 3.2.3: members are sorted by UTF-16 code units`() throws {
        let text = #"{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}"#
        let names = try JSONObject(parsing: Array(canonical(text).utf8)).members.map(\.value.integer)
        #expect(names == [2, 4, 6, 7, 1, 5, 3])
    }

    @Test(arguments: [
        ("0.0", "0"), ("-0.0", "0"), ("-0", "0"), ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("9007199254740992", "9007199254740992"), ("-9007199254740992", "-9007199254740992"),
        ("295147905179352830000.0", "295147905179352830000"), ("1e21", "1e+21"), ("1e20", "100000000000000000000"),
        ("999999999999999900000.0", "999999999999999900000"), ("0.000001", "0.000001"), ("1e-7", "1e-7"),
        ("333333333.3333332", "333333333.3333332"), ("-1.5e-9", "-1.5e-9"), ("12.50", "12.5"), ("1e2", "100"),
    ])
    func `appendix B: numbers are spelled as ECMAScript spells them`(text: String, expected: String) throws {
        #expect(try canonical("[\(text)]") == "[\(expected)]")
    }

    @Test func `every double reads back from its spelling`() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let number = Double(bitPattern: generator.next())
            guard number.isFinite else { continue }
            let text = String(decoding: try JSON.number(number).canonical(), as: UTF8.self)
            #expect(Double(text) == number, "\(number)")
        }
    }

    @Test func `control characters have their short or their lower-case escape`() throws {
        #expect(try canonical(#""\u0008\u0009\u000a\u000c\u000d\u001F\u007f""#) == "\"\\b\\t\\n\\f\\r\\u001f\u{7f}\"")
    }

    @Test func `a whole number that other readers would round has no canonical form`() {
        #expect(throws: CanonicalJSONError.numberNotExact) { try JSON.integer(9_007_199_254_740_993).canonical() }
        #expect(throws: CanonicalJSONError.notANumber) { try JSON.number(.infinity).canonical() }
    }
}
