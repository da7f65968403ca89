import Testing

@testable import JOSE

@Suite("RFC 8259 JSON, strict as RFC 7493 asks")
struct JSONTests {
    private func refusal(_ text: String, _ limits: JSON.Limits = .default) -> JSONError.Reason? {
        refusal(Array(text.utf8), limits)
    }

    private func refusal(_ bytes: [UInt8], _ limits: JSON.Limits = .default) -> JSONError.Reason? {
        do throws(JSONError) {
            _ = try JSON.parse(bytes, limits: limits)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test func `every kind of value is parsed and written unchanged`() throws {
        let text = #"{"a":null,"b":[true,false],"c":-12,"d":1.5,"e":"x\"\\\n\u0001é😀","f":{},"g":[]}"#
        let json = try JSON.parse(Array(text.utf8))
        #expect(
            json == [
                "a": nil, "b": [true, false], "c": -12, "d": 1.5, "e": "x\"\\\n\u{1}é😀", "f": .object([:]), "g": [],
            ])
        #expect(json.text == text)
        #expect(json.object?["c"]?.integer == -12)
        #expect(json.object?["b"]?.array?.first?.bool == true)
        #expect(try JSON.parse(Array(" [ 1 , 2 ]\n".utf8)) == [1, 2])
    }

    @Test func `escapes are decoded, surrogate pairs included`() throws {
        #expect(try JSON.parse(Array(#""\u0041\ud83d\ude00\/\b\f\r\t""#.utf8)) == "A😀/\u{8}\u{C}\r\t")
        #expect(
            try JSON.parse(Array("[9223372036854775807,-9223372036854775808,1e3,0.5E-1]".utf8))
                == [.integer(.max), .integer(.min), 1000.0, 0.05])
    }

    @Test(arguments: [#"{"a":1,"a":2}"#, #"{"a":1,"\u0061":1}"#, #"[{"b":{"x":1,"y":2,"x":3}}]"#])
    func `a duplicate member is refused`(text: String) {
        #expect(refusal(text) == .duplicateMember)
    }

    @Test func `names are distinguished by case and code point`() throws {
        let object = try JSONObject(parsing: Array(#"{"Alg":1,"alg":2,"K":3,"\u212a":4}"#.utf8))
        #expect(object["alg"] == 2)
        #expect(object["ALG"] == nil)
        #expect(object["K"] == 3)
        #expect(object["\u{212A}"] == 4)
    }

    @Test func `refuses NUL, raw control characters, invalid UTF-8 and lone surrogates`() {
        #expect(refusal(#""a\u0000b""#) == .controlCharacter)
        #expect(refusal("\"a\u{0}b\"") == .controlCharacter)
        #expect(refusal("\"a\nb\"") == .controlCharacter)
        for bad: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF4, 0x90, 0x80, 0x80]] {
            #expect(refusal([0x22] + bad + [0x22]) == .invalidUnicode)
        }
        for bad in [#""\ud83d""#, #""\ud83dx""#, #""\ude00""#, #""\ud83d\u0041""#, #""\ud83d\ud83d""#] {
            #expect(refusal(bad) == .invalidUnicode)
        }
    }

    @Test func `a byte-order mark and bytes after the value are refused`() {
        #expect(refusal([0xEF, 0xBB, 0xBF, 0x31]) == .byteOrderMark)
        #expect(refusal("{} {}") == .trailingBytes)
        #expect(refusal("1\u{0}") == .trailingBytes)
    }

    @Test func `numbers beyond 64 bits are refused, not rounded`() {
        for text in ["9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "1e400"] {
            #expect(refusal(text) == .numberOutOfRange)
        }
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "'a'",
        #"""#, #""a"#,
        #""\x""#, #""\u12""#, #""\"#, "01", "-", "+1", "1.", ".5", "1e", "1e+", "tru", "True", "nul", "NaN", "Infinity",
        "//", "[1 2]",
        "\u{A0}1",
    ])
    func `syntax errors are refused`(text: String) {
        let reason = refusal(text)
        #expect(reason == .syntax || reason == .trailingBytes)
    }

    @Test func `limits hold at their edge`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(refusal(nested(16)) == nil)
        #expect(refusal(nested(17)) == .tooDeep)
        #expect(refusal(String(repeating: "[", count: 60_000)) == .tooDeep)
        let limits = JSON.Limits(bytes: 20, depth: 2, members: 3)
        #expect(refusal("[1,2,3]", limits) == nil)
        #expect(refusal("[1,2,3,4]", limits) == .tooManyMembers)
        #expect(refusal(#"{"a":1,"b":1,"c":1}"#, limits) == nil)
        #expect(refusal(#"{"a":1,"b":1,"c":1}  "#, limits) == .tooLarge)
    }

    @Test func `an error is one sentence that quotes nothing`() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array(#"{"secret-a":1,"secret-a":2}"#.utf8)) }
        #expect(error?.description == "The JSON names a member twice (at byte 14).")
        #expect(throws: JSONError.self) { try JSONObject(parsing: Array("[]".utf8)) }
    }

    @Test func `members keep their order, can be replaced and removed`() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = "x"
        object["b"] = 3
        #expect(object.text == #"{"b":3,"a":2,"c":"x"}"#)
        object["a"] = nil
        object["nothing"] = nil
        #expect(object.text == #"{"b":3,"c":"x"}"#)
        #expect(object == ["b": 3, "c": "x"])
        #expect(object != ["c": "x", "b": 3])
    }

    @Test func `no truncation of a text parses`() {
        let text = Array(#"{"a":[1,{"b":"é\u00e9"}],"c":true}"#.utf8)
        for end in 0..<text.count { #expect(refusal(Array(text[..<end])) != nil) }
    }

    private func moved(_ unit: String) throws -> Int {
        let text = Array(("\"" + String(repeating: unit, count: 65_000 / unit.utf8.count) + "\"").utf8)
        var parser = JSONParser(text, .default)
        _ = try parser.document()
        return parser.moved
    }

    @Test(arguments: [
        #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\t"#, #"\u000a"#, #"\u00e9"#, #"\ud83d\ude00"#, #"a\n"#,
        #"\naaaaaaaaaaaaaaa"#,
    ])
    func `64 KiB of escapes cost no more than three times the same length of a`(unit: String) throws {
        let plain = try moved("a")
        #expect(plain == 65_000)
        #expect(try moved(unit) <= 3 * plain)
    }

    @Test func `long strings of escapes are decoded correctly`() throws {
        for (unit, meaning) in [(#"\n"#, "\n"), (#"\u00e9x"#, "éx"), (#"\ud83d\ude00"#, "😀"), (#"aé\\"#, "aé\\")] {
            let count = 60_000 / unit.utf8.count
            let text = "\"" + String(repeating: unit, count: count) + "\""
            #expect(try JSON.parse(Array(text.utf8)) == .string(String(repeating: meaning, count: count)))
        }
    }

    @Test func `infinite numbers are written as null`() {
        #expect(JSON.array([.number(.infinity), .number(.nan), 0.1]).text == "[null,null,0.1]")
    }
}
