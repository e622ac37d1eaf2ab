/** The server-sent events in a response's body, their data parsed. EventSource can't POST, so this reads the stream. */
export async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const frames = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const event = parse(frame);
        if (event) yield event;
      }
    }
  } finally {
    // Without this a reader that stops early would leave the connection open, and a browser has only six of them.
    reader.cancel().catch(() => {});
  }
}

/** One frame; null for a comment, which servers send to keep a quiet connection open. */
function parse(frame) {
  let type = "message";
  const data = [];
  for (const line of frame.split("\n")) {
    const [, field, value] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    if (field === "event") type = value;
    if (field === "data") data.push(value);
  }
  return data.length ? { ...JSON.parse(data.join("\n")), type } : null;
}
