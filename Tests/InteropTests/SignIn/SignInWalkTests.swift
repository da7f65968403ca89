import JOSE
import TestSupport
import Testing

/// Users sign in at two independent OpenID providers. Gatehouse knows nothing but their issuers.
@Suite("Sign-in through Canaille and LemonLDAP::NG")
struct SignInWalkTests {
    typealias Product = OpenIDProvider.Product

    @Test(arguments: Product.allCases)
    func `the first sign-in makes a new user, never the local one of that name, and the next sign-ins find this user`(
        product: Product
    ) async throws {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            let first = try await work.enter(browser)
            #expect(first.askedForPassword)
            // LemonLDAP::NG sends a login name, which is that of a local user; Canaille sends a name alone.
            let name = product == .lemonldap ? "ada@corp" : "Ada Lovelace@corp"
            #expect(first.text.contains("Signed in as \(name)"), "\(first.text)")
            #expect(try await work.users() == [name, "ada"].sorted())
            #expect(try await browser.press("step", "sign_out").text.contains("You may still be signed in at corp"))
            let again = try await work.enter(browser)
            #expect(!again.askedForPassword, "the sign-in at the provider outlives the sign-out here")
            #expect(again.text.contains("Signed in as \(name)"))
            #expect(try await work.enter(work.browser("ada")).text.contains("Signed in as \(name)"))
            #expect(try await work.enter(work.browser("grace")).text.contains("Signed in as "))
            #expect(try await work.users().count == 3)
        }
    }

    @Test(arguments: Product.allCases)
    func `an authorization goes on after the sign-in at the provider, and its session belongs to the new user`(
        product: Product
    ) async throws {
        try await Workplace.play(product, settings: "sign_in: { password: false }") { work in
            let browser = try await work.browser("ada")
            let asked = try await browser.go(to: work.request())
            #expect(asked.offersProvider)
            #expect(!asked.controls.contains("username"), "password sign-in is off")
            let consent = try await browser.press("provider", "corp")
            #expect(consent.controls.contains("decision"), "\(consent.text)")
            let end = try await browser.press("decision", "approve", beyond: Workplace.redirect)
            #expect(end.beyond.contains("code=gate_c_"))
            #expect(end.beyond.contains("state=st-1"))
            let new = try await work.users().filter { $0 != "ada" }
            #expect(try await work.sessionUsers() == new)
        }
    }

    @Test(arguments: Product.allCases)
    func `a request for a new sign-in makes the provider ask for the password again`(product: Product) async throws {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            _ = try await work.enter(browser)
            // LemonLDAP::NG counts in whole seconds, and a sign-in of this second is new enough for it.
            if product == .lemonldap { try await work.provider.ageSignIns(by: 2) }
            #expect(try await !browser.go(to: work.request()).offersProvider)
            let asked = try await browser.go(to: work.request([("prompt", "login")]))
            #expect(asked.offersProvider)
            let consent = try await browser.press("provider", "corp")
            #expect(consent.askedForPassword)
            #expect(consent.controls.contains("decision"), "\(consent.text)")
        }
    }

    @Test func `max_age leads back to the provider when the sign-in there is too old, and not before`() async throws {
        try await Workplace.play(.lemonldap) { work in
            let browser = try await work.browser("ada")
            _ = try await work.enter(browser)
            _ = try await browser.press("step", "sign_out")
            try await work.provider.ageSignIns(by: 1000)
            let old = try await work.enter(browser)
            #expect(!old.askedForPassword)
            #expect(try await !browser.go(to: work.request([("max_age", "5000")])).offersProvider)
            let asked = try await browser.go(to: work.request([("max_age", "500")]))
            #expect(asked.offersProvider, "the time of the sign-in at the provider counts")
            let consent = try await browser.press("provider", "corp")
            #expect(consent.askedForPassword)
            #expect(consent.controls.contains("decision"), "\(consent.text)")
        }
    }

    @Test(arguments: Product.allCases)
    func `a sign-out at the provider leaves the sign-in here, and the next one needs the password there`(
        product: Product
    ) async throws {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            _ = try await work.enter(browser)
            try await browser.signOut(at: work.provider)
            #expect(try await !work.enter(browser).offersProvider)
            #expect(try await browser.press("step", "sign_out").text.contains("You may still be signed in at corp"))
            #expect(try await work.enter(browser).askedForPassword)
        }
    }

    @Test(arguments: Product.allCases)
    func `another user of the provider in the same browser is another user here, whose session it is`(
        product: Product
    ) async throws {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            _ = try await work.enter(browser)
            // Canaille asks for the password without end when a new sign-in meets a user who has not consented before.
            _ = try await work.enter(work.browser("grace"))
            try await browser.signOut(at: work.provider)
            _ = try await browser.go(to: work.request([("prompt", "login")]))
            let consent = try await browser.press("provider", "corp", as: "grace")
            #expect(consent.controls.contains("decision"), "\(consent.text)")
            let end = try await browser.press("decision", "approve", beyond: Workplace.redirect)
            #expect(end.beyond.contains("code=gate_c_"))
            #expect(try await work.sessionUsers() == [product == .lemonldap ? "grace@corp" : "Grace Hopper@corp"])
        }
    }

    @Test(arguments: Product.allCases)
    func `a user who denies at the provider is back at the sign-in page and not signed in`(product: Product)
        async throws
    {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            _ = try await browser.go(to: work.gatehouse.issuer + "/account")
            let back = try await browser.press("provider", "corp", answer: "deny")
            #expect(back.status == 400)
            #expect(back.text.contains("You did not sign in at corp."), "\(back.text)")
            #expect(try await work.users() == ["ada"])
            #expect(try await browser.press("provider", "corp").text.contains("Signed in as "))
        }
    }

    @Test(arguments: Product.allCases)
    func `a provider that goes down before the code is redeemed gives a sentence, and a way on when it is back`(
        product: Product
    ) async throws {
        try await Workplace.play(product) { work in
            let browser = try await work.browser("ada")
            _ = try await browser.go(to: work.gatehouse.issuer + "/account")
            let callback = try await browser.press(
                "provider", "corp", beyond: work.gatehouse.issuer + "/sign-in/corp/callback"
            ).beyond
            try await work.provider.stop()
            let down = try await browser.go(to: callback)
            #expect(down.status == 503)
            #expect(down.text.contains("corp cannot be reached at the moment."), "\(down.text)")
            #expect(try await work.users() == ["ada"])
            try await work.provider.restart()
            #expect(try await browser.press("provider", "corp").text.contains("Signed in as "))
        }
    }

    @Test(arguments: Product.allCases)
    func `a callback signs in nobody in another browser, and still signs in its own`(product: Product) async throws {
        try await Workplace.play(product) { work in
            let (own, other) = (try await work.browser("ada"), try await work.browser("grace"))
            _ = try await own.go(to: work.gatehouse.issuer + "/account")
            let callback = try await own.press(
                "provider", "corp", beyond: work.gatehouse.issuer + "/sign-in/corp/callback"
            ).beyond
            let stolen = try await other.go(to: callback)
            #expect(stolen.status == 403)
            #expect(stolen.text.contains("This browser did not start the sign-in"), "\(stolen.text)")
            #expect(try await other.go(to: work.gatehouse.issuer + "/account").offersProvider)
            #expect(try await work.users() == ["ada"])
            #expect(try await own.go(to: callback).text.contains("Signed in as "))
            let twice = try await own.go(to: callback)
            #expect(twice.status == 400, "a callback counts once")
            #expect(try await work.users().count == 2)
        }
    }

    @Test(arguments: Product.allCases)
    func `a signing key that the provider made after it was added is fetched`(product: Product) async throws {
        try await Workplace.play(product) { work in
            try await work.provider.rotateKey()
            let page = try await work.enter(work.browser("ada"))
            #expect(page.text.contains("Signed in as "), "\(page.text)")
        }
    }

    @Test(arguments: Product.allCases)
    func `only members of a required group get in, as of their sign-in at the provider`(product: Product) async throws {
        try await Workplace.play(product, options: ["--require-group", "editors"]) { work in
            #expect(try await work.enter(work.browser("ada")).text.contains("Signed in as "))
            let refused = try await work.enter(work.browser("grace"))
            #expect(refused.status == 403)
            #expect(refused.text.contains("Your account at corp may not sign in here."), "\(refused.text)")
            #expect(try await work.users().count == 2)
            try await work.provider.add("grace", to: "editors")
            #expect(try await work.enter(work.browser("grace")).text.contains("Signed in as "))
            try await work.provider.remove("ada", from: "editors")
            #expect(try await work.enter(work.browser("ada")).status == 403)
        }
    }

    @Test(arguments: Product.allCases)
    func `a domain admits an address that the provider verified, and none that it did not`(product: Product)
        async throws
    {
        try await Workplace.play(product, options: ["--allow-domain", "corp.example"]) { work in
            let page = try await work.enter(work.browser("ada"))
            // Canaille does not say whether an address is verified.
            #expect(page.status == (product == .lemonldap ? 200 : 403), "\(page.text)")
            #expect(try await work.users().count == (product == .lemonldap ? 2 : 1))
        }
        try await Workplace.play(product, options: ["--allow-domain", "other.example"]) { work in
            let page = try await work.enter(work.browser("ada"))
            #expect(page.status == 403)
            #expect(try await work.users() == ["ada"])
        }
    }

    @Test(arguments: Product.allCases)
    func `an account that is linked on the account page signs in its user, and no second user can link it`(
        product: Product
    ) async throws {
        try await Workplace.play(product, options: ["--accounts", "link"]) { work in
            _ = try await work.gatehouse.object(
                ["users", "add", "bob", "--password-stdin"], input: Scene.password + "\n")
            let unknown = try await work.enter(work.browser("grace"))
            #expect(unknown.status == 403)
            #expect(unknown.text.contains("is not linked to an account here"), "\(unknown.text)")
            for (user, words) in [
                ("ada", "You can now sign in with your account at corp."), ("bob", "Nothing changed."),
            ] {
                let browser = try await work.browser("grace")
                _ = try await browser.go(to: work.gatehouse.issuer + "/account")
                _ = try await browser.press("username", user, ["password": .string(Scene.password)])
                _ = try await browser.go(to: work.gatehouse.issuer + "/account/sign-in")
                let linked = try await browser.press("link", "corp")
                #expect(linked.text.contains(words), "\(linked.text)")
            }
            #expect(try await work.enter(work.browser("grace")).text.contains("Signed in as ada"))
            #expect(try await work.users() == ["ada", "bob"])
        }
    }
}
