import JOSE

/// Writes a metadata document without empty lists and unset members, because clients reject documents with either.
///
/// Spec: RFC 8414 §3.2
struct MetadataWriter {
    private(set) var object = JSONObject()

    mutating func write(_ text: String?, as field: MetadataField) {
        guard let text, !text.isEmpty else { return }
        object[field.rawValue] = .string(text)
    }

    mutating func write(_ url: String, as endpoint: AdvertisedEndpoint) {
        object[endpoint.rawValue] = .string(url)
    }

    mutating func write(_ flag: Bool?, as field: MetadataField) {
        object[field.rawValue] = flag.map(JSON.bool)
    }

    mutating func write(_ texts: [String], as field: MetadataField) {
        guard !texts.isEmpty else { return }
        object[field.rawValue] = .strings(texts)
    }

    mutating func write<Word: RawRepresentable<String>>(_ words: [Word], as field: MetadataField) {
        write(words.map(\.rawValue), as: field)
    }
}
