import ParleyCore
import ParleyTesting

/// Somebody who writes everything there is to write, in a random order, and sends again what nobody has acknowledged.
struct RunWriter: Sendable {
    let client: FaultClient
    let person: RunWorld.Person
    let world: RunWorld
    private var random: SplitMix64
    private var messages: [(id: String, place: String)] = []
    private var made: [RunWorld.Place] = []

    init(_ client: FaultClient, _ person: RunWorld.Person, _ world: RunWorld, seed: UInt64) {
        (self.client, self.person, self.world) = (client, person, world)
        random = SplitMix64(seed: seed)
    }

    private var isOver: Bool { client.journal.isOver }

    mutating func run() async {
        while !isOver {
            await act()
            let pause = Int.random(in: 200...700, using: &random)
            // So that what there is to be told is less than the machine can.
            try? await Task.sleep(for: .milliseconds(pause))
        }
    }

    private mutating func act() async {
        let logs = world.places(in: person.projects, isChat: false)
        let chats = world.places(in: person.projects, isChat: true)
        guard !logs.isEmpty, !chats.isEmpty else { return }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<36: await append(to: random.pick(logs))
        case 36..<50: await edit()
        case 50..<58: await react()
        case 58..<62: await delete()
        case 62..<70: await change(random.pick(logs), ["title": .string("Title \(random.place(in: 1000))")])
        case 70..<73: await change(random.pick(logs), ["pinned": .bool(random.oneIn(2))])
        case 73..<77: await make()
        case 77..<80: await end()
        case 80..<82: await fork()
        case 82..<92: await talk(in: random.pick(chats))
        default: await client.read(random.oneIn(2) ? 15 : 50, of: random.pick(logs + chats).id, at: instance())
        }
    }

    private mutating func instance() -> Int { random.place(in: client.cluster.instances.count) }

    /// Does something again, at another instance, until it was acknowledged.
    private mutating func repeating(_ attempt: (Int) async -> Operation) async -> Bool {
        var instance = instance()
        while !isOver {
            let operation = await attempt(instance)
            if operation.isDone { return true }
            // What is not there any more, or can't be done: another one was faster.
            if case .answered(400...499) = operation.outcome { return false }
            instance = (instance + 1) % client.cluster.instances.count
        }
        return false
    }

    private mutating func append(to place: RunWorld.Place) async {
        let id = FaultClient.newID()
        let text = "\(id) é 東京 \"\\\n" + String(repeating: "word ", count: random.place(in: 9))
        let client = client
        if await repeating({ await client.append(id, text, to: place.id, at: $0) }) { messages.append((id, place.id)) }
    }

    private mutating func edit() async {
        guard !messages.isEmpty else { return }
        let (id, place) = random.pick(messages)
        let text = "edited \(random.next()) \(id)"
        let client = client
        _ = await repeating { instance in
            await client.ask(.edit, in: place, message: id, text: text, at: instance) { caller in
                try await caller.patch("/api/conversations/\(place)/messages/\(id)", ["content": .string(text)])
            }
        }
    }

    private mutating func react() async {
        guard !messages.isEmpty else { return }
        let (id, place) = random.pick(messages)
        let path = "/api/conversations/\(place)/messages/\(id)/reactions/" + random.pick(["%F0%9F%91%8D", "ok"])
        let (client, isMore) = (client, !random.oneIn(3))
        _ = await repeating { instance in
            await client.ask(.touch, in: place, at: instance) { caller in
                isMore ? try await caller.put(path) : try await caller.delete(path)
            }
        }
    }

    private mutating func delete() async {
        guard !messages.isEmpty else { return }
        let (id, place) = messages.remove(at: random.place(in: messages.count))
        let client = client
        _ = await repeating { instance in
            await client.ask(.delete, in: place, message: id, at: instance) { caller in
                try await caller.delete("/api/conversations/\(place)/messages/\(id)")
            }
        }
    }

    private mutating func change(_ place: RunWorld.Place, _ fields: JSON) async {
        let client = client
        _ = await repeating { instance in
            await client.ask(.touch, in: place.id, at: instance) { caller in
                try await caller.patch("/api/conversations/\(place.id)", fields)
            }
        }
    }

    private mutating func make() async {
        let place = RunWorld.Place(id: FaultClient.newID(), project: random.pick(person.projects), isChat: false)
        let client = client
        guard await repeating({ await client.create(place.id, in: place.project, at: $0) }) else { return }
        made.append(place)
        await append(to: place)
    }

    private mutating func end() async {
        guard !made.isEmpty else { return }
        let place = made.remove(at: random.place(in: made.count))
        messages.removeAll { $0.place == place.id }
        let client = client
        _ = await repeating { instance in
            await client.ask(.deleteConversation, in: place.id, at: instance) { caller in
                try await caller.delete("/api/conversations/\(place.id)")
            }
        }
    }

    private mutating func fork() async {
        guard !messages.isEmpty else { return }
        let (from, id) = (random.pick(messages).place, FaultClient.newID())
        let client = client
        let body: JSON = ["seq": 1, "id": .string(id), "title": "Forked"]
        _ = await repeating { instance in
            await client.ask(.fork, in: id, at: instance) { caller in
                try await caller.post("/api/conversations/\(from)/fork", body)
            }
        }
    }

    /// A turn, of which others may be shown pieces; or the end of one that is under way; or another answer to an old one.
    private mutating func talk(in place: RunWorld.Place) async {
        let client = client
        if random.oneIn(5), let reply = client.journal.takeReply() {
            await client.ask(.touch, in: reply.conversation, at: instance()) { caller in
                try await caller.post("/api/chat/\(reply.id)/stop", [:])
            }
            return
        }
        let (id, instance) = (FaultClient.newID(), instance())
        let turn = await client.turn(id, "Say \(random.next())", in: place.id, at: instance)
        guard turn.isDone, let reply = turn.reply, random.oneIn(4) else { return }
        world.note(regenerated: reply)
        await client.ask(.touch, in: place.id, at: self.instance()) { caller in
            try await caller.post("/api/chat/\(reply)/regenerate", [:])
        }
    }
}
