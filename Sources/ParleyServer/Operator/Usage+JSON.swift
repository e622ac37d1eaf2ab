import ParleyCore

extension JSONWriter {
    /// What was done on some days, with what was done on as many days before.
    mutating func usage(_ usage: Usage, before: Usage, of span: UsageSpan) {
        object { writer in
            writer.member("from", span.start)
            writer.member("to", span.end)
            writer.name("days")
            writer.array { writer in
                for (index, day) in usage.days.enumerated() {
                    writer.object { writer in
                        // The first ten characters of a time are its date.
                        writer.member("date", String(span.startOfDay(index).description.prefix(10)))
                        writer.figures(day)
                    }
                }
            }
            writer.name("total")
            writer.object { $0.figures(usage.total) }
            writer.name("before")
            writer.object { $0.figures(before.total) }
        }
    }

    private mutating func figures(_ figures: UsageFigures) {
        name("messages")
        object {
            $0.member("user", figures.messages[.user] ?? 0)
            $0.member("assistant", figures.messages[.assistant] ?? 0)
            $0.member("system", figures.messages[.system] ?? 0)
            $0.member("tool", figures.messages[.tool] ?? 0)
        }
        member("people", figures.people)
        member("conversations", figures.conversations)
        replies(figures.replies)
        name("models")
        array { writer in
            // Those that wrote most first.
            let models = figures.models.sorted { ($0.value.count, $1.key ?? "") > ($1.value.count, $0.key ?? "") }
            for (model, replies) in models {
                writer.object {
                    $0.member("model", model)
                    $0.replies(replies)
                }
            }
        }
    }

    private mutating func replies(_ figures: ReplyFigures) {
        member("replies", figures.count)
        member("failed", figures.failed)
        member("interrupted", figures.interrupted)
        member("prompt_tokens", figures.promptTokens)
        member("completion_tokens", figures.completionTokens)
        guard let mean = figures.latency.mean else { return }
        name("latency_ms")
        object {
            $0.member("p50", figures.latency.percentile(50))
            $0.member("p95", figures.latency.percentile(95))
            $0.member("mean", mean)
        }
    }
}
