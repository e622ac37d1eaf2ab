/// Coverage-guided fuzzing of what takes Redis's replies apart; `scripts/fuzz-redis` builds and runs it.
///
/// It is built of the parser's own files, which need no event loop. The first byte says how the rest is cut; however that
/// is, the same replies must come of it, and every element must lie within its reply. A promise that does not hold traps,
/// which the fuzzer reports with the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRedisReplies(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: start + 1, count: count - 1)
    let whole = replies(in: bytes, step: bytes.count)
    precondition(whole == replies(in: bytes, step: Int(start[0]) % 17 + 1), "the cut changes the replies")
    return 0
}

/// The replies' nodes as text, and at last the violation, when the bytes come in steps.
private func replies(in bytes: UnsafeRawBufferPointer, step: Int) -> [String] {
    var parser = RESPParser(limits: RESPLimits(replyBytes: 2048, lineBytes: 128, elements: 64, depth: 6))
    var found: [String] = []
    var begin = 0
    var end = 0
    while end < bytes.count {
        end = min(bytes.count, end + step)
        do throws(RESPViolation) {
            while end > begin, let whole = try parser.parse(UnsafeRawBufferPointer(rebasing: bytes[begin..<end])) {
                check(whole, available: end - begin)
                found.append("\(whole.byteCount) \(whole.root) \(whole.nodes)")
                begin += whole.byteCount
            }
        } catch {
            return found + [error.rawValue]
        }
    }
    return found
}

private func check(_ reply: RESPParser.Whole, available: Int) {
    precondition(reply.byteCount <= min(available, 2048), "a reply is larger than its bytes or its limit")
    precondition(reply.nodes.count <= 64, "a reply has more elements than its limit")
    check(reply.root, at: -1, in: reply)
    for (index, node) in reply.nodes.enumerated() { check(node, at: index, in: reply) }
}

private func check(_ node: RESPNode, at index: Int, in reply: RESPParser.Whole) {
    guard node.kind.isAggregate else {
        precondition(node.text.upperBound <= reply.byteCount, "an element lies outside of its reply")
        return
    }
    var child = index + 1
    var children = 0
    while child < Int(node.start) {
        child = reply.nodes[child].next(after: child)
        children += 1
    }
    precondition(child == Int(node.start) && children == Int(node.length), "an aggregate's elements are miscounted")
}
