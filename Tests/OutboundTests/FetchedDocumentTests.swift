import Testing

@testable import Outbound

@Suite("RFC 9111 §4.2 freshness")
struct FetchedDocumentTests {
    typealias Fields = [(name: String, value: String)]

    @Test(
        "the lifetime is the document's own word within the operator's bounds",
        arguments: [
            ([], 60), ([("Cache-Control", "max-age=3600")], 3600), ([("cache-control", "public, MAX-AGE=3600")], 3600),
            ([("Cache-Control", "max-age=\"3600\"")], 3600), ([("Cache-Control", "max-age=5")], 60),
            ([("Cache-Control", "max-age=999999")], 86_400),
            ([("Cache-Control", "max-age=99999999999999999999999")], 86_400),
            ([("Cache-Control", "max-age=3600"), ("Age", "600")], 3000),
            ([("Cache-Control", "max-age=3600"), ("Age", "7200")], 60),
            ([("Cache-Control", "max-age=3600"), ("Age", "soon")], 60),
            ([("Cache-Control", "max-age=3600, s-maxage=120")], 120),
            ([("Cache-Control", "no-store, max-age=3600")], 60),
            ([("Cache-Control", "max-age=3600"), ("Cache-Control", "no-cache")], 60),
            ([("Cache-Control", "max-age=3600, max-age=90")], 90), ([("Cache-Control", "max-age=-1")], 60),
            ([("Cache-Control", "max-age=")], 60), ([("Cache-Control", "max-age")], 60),
            ([("Cache-Control", "x-max-age=3600")], 60),
        ] as [(Fields, Int64)])
    func lifetime(fields: Fields, expected: Int64) {
        let document = FetchedDocument(
            url: "https://client.example/x", response: OutboundResponse(status: 200, fields: fields, body: []))
        #expect(document.freshFor(min: 60, max: 86_400) == expected)
    }

    @Test(
        "application/json and application/*+json are JSON",
        arguments: [
            (["application/json"], true), (["Application/JSON; charset=utf-8"], true), (["application/ld+json"], true),
            (["application/cimd+json ;x=y"], true), (["text/json"], false), (["text/html"], false), ([], false),
            (["application/+json"], false), (["application/jsonp"], false), (["application/json", "text/html"], false),
            (["application/json, text/html"], false), (["image/svg+xml"], false), ([""], false),
        ])
    func mediaType(values: [String], expected: Bool) {
        let fields = values.map { (name: "Content-Type", value: $0) }
        #expect(OutboundResponse(status: 200, fields: fields, body: []).isJSON == expected)
    }
}
