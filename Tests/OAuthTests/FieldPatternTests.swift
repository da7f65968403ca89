import Testing

@testable import OAuth

@Suite("ECMA-262 patterns of form fields, in linear time", .timeLimit(.minutes(2)))
struct FieldPatternTests {
    @Test(
        arguments: [
            ("abc", ["abc", "xabcx"], ["ab", "", "aBc"]), ("^abc$", ["abc"], ["abcd", "xabc", ""]),
            ("", ["", "anything"], []), ("^$", [""], ["a"]), ("a|b|", ["a", "b", ""], []),
            ("^(a|b)c$", ["ac", "bc"], ["c", "abc"]), ("^(?:ab)+$", ["ab", "abab"], ["aba", ""]),
            ("^a*b?c+$", ["c", "aabcc"], ["aab", "abbc"]), ("^a{3}$", ["aaa"], ["aa", "aaaa"]),
            ("^a{2,}$", ["aa", "aaaaa"], ["a"]), ("^a{1,3}?$", ["a", "aaa"], ["", "aaaa"]),
            ("^(a{2}){2}$", ["aaaa"], ["aa", "aaa"]), ("^a{0}b$", ["b"], ["ab"]), ("^(a*)*$", ["", "aaa"], ["b"]),
            ("^.$", ["a", "é", "🙂"], ["", "ab", "\n"]), (#"^\d\D\w\W\s\S$"#, ["1a_- z"], ["11_- z", "1a_-z "]),
            ("^[a-c]$", ["a", "b", "c"], ["d", "-"]), ("^[^a-c]$", ["d"], ["a"]), ("^[a-]$", ["a", "-"], ["b"]),
            ("^[-a]$", ["a", "-"], ["b"]), (#"^[\d_.]+$"#, ["1_2.3"], ["1-2"]), (#"^[\]\\^]+$"#, [#"]\^"#], ["a"]),
            (#"^\.\$\/\-$"#, [".$/-"], ["a$/-"]), (#"^\x41\u00e9$"#, ["Aé"], ["ae"]), ("^[😀-😂]$", ["😁"], ["😎"]),
            ("^[xa-ce-gb-d]$", ["a", "d", "e", "g", "x"], ["h", "w", "y"]),
            (#"^[^z\sa]$"#, ["b", "y"], ["a", "z", " "]),
            ("[]", [], ["", "a"]), ("[^]", ["a", "\n"], [""]), ("^(|a)b$", ["b", "ab"], ["aab"]),
            (
                "^sk-[A-Za-z0-9]{20,64}$", ["sk-" + String(repeating: "a1", count: 20)],
                ["sk-short", "pk-aaaaaaaaaaaaaaaaaaaaaa"]
            ),
        ] as [(String, [String], [String])])
    func `matches some part of the value, as JSON Schema means it`(text: String, good: [String], bad: [String]) throws {
        let pattern = try FieldPattern(text)
        for value in good { #expect(pattern.matches(value), "\(text) on \(value.debugDescription)") }
        for value in bad { #expect(!pattern.matches(value), "\(text) on \(value.debugDescription)") }
    }

    /// An engine that backtracks would not come back from any of these.
    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x", "^(a?){150}a{150}$", "(a*)*(a*)*(a*)*b"])
    func `no pattern takes longer than its size times the value`(text: String) throws {
        let value = String(repeating: "a", count: 9_999) + "!"
        #expect(try !FieldPattern(text).matches(value))
    }

    @Test(arguments: [
        ("(?=a)", "look-around"), ("(?!a)", "look-around"), ("(?<=a)b", "look-around"), ("(?<n>a)", "named group"),
        ("(?i)a", "flag"), (#"(a)\1"#, "back-reference"), (#"\k<n>"#, "back-reference"), (#"\bword"#, "word boundary"),
        (#"\p{L}"#, "Unicode property"),
    ])
    func `what an automaton cannot match is named`(text: String, thing: String) {
        let error = #expect(throws: PatternError.self) { try FieldPattern(text) }
        #expect(error?.predicate.contains(thing) == true, "\(error?.predicate ?? "")")
        #expect(error?.predicate.hasSuffix("cannot check in linear time; write the pattern without it.") == true)
    }

    @Test(arguments: [
        ("(a", "a group that is not closed"), ("a)", "a closing parenthesis without an opening one"),
        ("[a", "a class that is not closed"), ("*a", "a repetition of nothing"),
        ("a**", "a repetition of a repetition"),
        ("a{2,1}", "whose limits are reversed"), ("a{2", "a repetition that is not closed"), ("a{x}", "a brace"),
        ("a]", "a bracket"), ("[b-a]", "a range"), (#"[\d-z]"#, "a range"), (#"[\D]"#, "an inverted escape"),
        (#"\"#, "a backslash at the end"), (#"\q"#, "an unknown escape"), (#"\x4"#, "hexadecimal"),
        (#"\ud83d"#, "hexadecimal"), ("^*", "a repeated anchor"),
    ])
    func `what is no regular expression is refused with the fault and its place`(text: String, fault: String) {
        let error = #expect(throws: PatternError.self) { try FieldPattern(text) }
        #expect(error?.predicate.contains(fault) == true, "\(text): \(error?.predicate ?? "")")
        #expect(error?.predicate.hasPrefix("is no regular expression that Gatehouse reads: it has ") == true)
    }

    @Test func `size, repetitions and depth are bounded before anything is built`() {
        for (text, words) in [
            (String(repeating: "a", count: 501), "too long"), ("(a{100}){100}", "too large"),
            ("a{501}", "repeats more"),
            ("a{99999999999999999999}", "repeats more"), ("((((a{9}){9}){9}){9}){9}", "too large"),
            ("((((){500}){500}){500}){500}", "too large"),
            (String(repeating: "(", count: 60) + "a" + String(repeating: ")", count: 60), "inside each other"),
        ] {
            let error = #expect(throws: PatternError.self) { try FieldPattern(text) }
            #expect(error?.predicate.contains(words) == true, "\(text.prefix(30)): \(error?.predicate ?? "")")
        }
    }
}
