import Testing

@testable import Web

@Suite("RFC 6265 §4.1 Cookies")
struct CookieRulesTests {
    private let secure = CookieRules(isHTTPS: true, port: 8443)
    private let loopback = CookieRules(isHTTPS: false, port: 80)

    @Test func `on https a cookie has the prefix __Host-, HttpOnly and Secure`() {
        #expect(
            secure.setting("browser", to: "a-b_c.d") == "__Host-browser=a-b_c.d; Path=/; HttpOnly; SameSite=Lax; Secure"
        )
    }

    @Test func `on a loopback issuer a cookie is neither Secure nor prefixed`() {
        #expect(loopback.setting("browser", to: "v") == "browser=v; Path=/; HttpOnly; SameSite=Lax")
    }

    @Test func `on a loopback issuer names contain the port, so that two servers on localhost do not share cookies`() {
        let (one, other) = (CookieRules(isHTTPS: false, port: 8080), CookieRules(isHTTPS: false, port: 9090))
        #expect(one.setting("gatehouse", to: "v").hasPrefix("gatehouse-8080=v;"))
        #expect(one.clearing("gatehouse").hasPrefix("gatehouse-8080=;"))
        let sent = ["gatehouse-8080=a; gatehouse-9090=b; gatehouse=c; gatehouse-browser-8080=d"]
        #expect(one.value(of: "gatehouse", in: sent) == "a" && other.value(of: "gatehouse", in: sent) == "b")
        #expect(one.value(of: "gatehouse-browser", in: sent) == "d")
        #expect(other.value(of: "gatehouse-browser", in: sent) == nil)
    }

    @Test func `a cookie can have a maximum age and can be deleted`() {
        #expect(secure.setting("browser", to: "v", maxAge: 60).contains("; Max-Age=60;"))
        #expect(secure.clearing("browser").hasPrefix("__Host-browser=; Path=/; Max-Age=0"))
    }

    @Test(arguments: [
        ["__Host-browser=v"], ["a=b; __Host-browser=v"], ["a=b;__Host-browser=v;c=d"], ["a=b", "__Host-browser=v"],
        ["browser=x; __Host-browser=v"],
    ])
    func `the cookie is found among others`(fields: [String]) {
        #expect(secure.value(of: "browser", in: fields) == "v")
    }

    @Test(arguments: [
        [], ["browser=v"], ["__Host-browser=v; __Host-browser=w"], ["__Host-browser=v", "__Host-browser=v"],
        ["__Host-browser="], ["__Host-browser"], ["__host-browser=v"], ["__Host-browser=\"v\""],
        ["__Host-browser=v w"], ["__Host-browser=v=w"], ["x__Host-browser=v"], ["__Host-browser =v"],
        ["__Host-browser=" + String(repeating: "v", count: 4097)], ["a=b\u{37E}__Host-browser=v"],
    ])
    func `a missing, repeated or malformed cookie is ignored`(fields: [String]) {
        #expect(secure.value(of: "browser", in: fields) == nil)
    }

    @Test func `a letter that Swift equates with another one makes another name`() {
        #expect(secure.value(of: "Kit", in: ["__Host-Kit=v"]) == "v")
        #expect(secure.value(of: "Kit", in: ["__Host-\u{212A}it=v"]) == nil)
    }
}
