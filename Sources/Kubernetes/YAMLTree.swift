internal import CYAML

/// A YAML document, or a JSON one, which is YAML too: of scalars only the text.
indirect enum YAMLTree: Sendable {
    case scalar(String)
    case list([YAMLTree])
    case map([String: YAMLTree])

    /// What libyaml says of a document that it cannot read.
    struct Failure: Error {
        var problem: String
        /// Counted from 1.
        var line: Int
    }

    /// Reads the first document; an empty one is an empty scalar.
    init(yaml bytes: [UInt8]) throws(Failure) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw Failure(problem: "out of memory", line: 1) }
        defer { yaml_parser_delete(&parser) }
        var tree: YAMLTree?
        bytes.withUnsafeBufferPointer { bytes in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            var document = yaml_document_t()
            guard yaml_parser_load(&parser, &document) == 1 else { return }
            defer { yaml_document_delete(&document) }
            var budget = 100_000
            tree = YAMLTree(yaml_document_get_root_node(&document), of: &document, budget: &budget)
        }
        guard let tree else {
            let problem = parser.problem.map { String(cString: $0) } ?? "it nests or repeats too much"
            throw Failure(problem: problem, line: Int(parser.problem_mark.line) + 1)
        }
        self = tree
    }

    /// - Parameter budget: how many nodes more may come. Aliases make trees without end from a few lines.
    private init?(_ node: UnsafeMutablePointer<yaml_node_t>?, of document: inout yaml_document_t, budget: inout Int) {
        budget -= 1
        if budget < 0 { return nil }
        guard let node else {
            self = .scalar("")
            return
        }
        switch node.pointee.type {
        case YAML_SCALAR_NODE:
            let scalar = node.pointee.data.scalar
            self = .scalar(String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self))
        case YAML_SEQUENCE_NODE:
            var list: [YAMLTree] = []
            let items = node.pointee.data.sequence.items
            for item in UnsafeBufferPointer(start: items.start, count: items.top - items.start) {
                guard let tree = YAMLTree(yaml_document_get_node(&document, item), of: &document, budget: &budget) else { return nil }
                list.append(tree)
            }
            self = .list(list)
        case YAML_MAPPING_NODE:
            var map: [String: YAMLTree] = [:]
            let pairs = node.pointee.data.mapping.pairs
            for pair in UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start) {
                guard let key = YAMLTree(yaml_document_get_node(&document, pair.key), of: &document, budget: &budget),
                    let value = YAMLTree(yaml_document_get_node(&document, pair.value), of: &document, budget: &budget)
                else { return nil }
                if let key = key.text { map[key] = value }
            }
            self = .map(map)
        default:
            self = .scalar("")
        }
    }

    /// The text of a scalar; nil for an empty one, for YAML's null, and for anything else.
    var text: String? {
        guard case .scalar(let text) = self, !text.isEmpty, text != "null", text != "~" else { return nil }
        return text
    }

    var items: [YAMLTree] {
        if case .list(let items) = self { items } else { [] }
    }

    /// The value of a key of a map; nil where there is none, or no map.
    subscript(key: String) -> YAMLTree? {
        if case .map(let map) = self { map[key] } else { nil }
    }
}
