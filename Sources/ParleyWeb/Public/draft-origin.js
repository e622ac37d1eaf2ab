/**
 * Whether a draft that was typed here may give way to the text that the server has by now: it was sent from elsewhere, or
 * gone on with there. Otherwise somebody wrote over it who hadn't seen it, or something else was sent.
 */
export async function mayGiveWay(draft, text, conversation, api) {
  if (isSeen(draft, text)) return true;
  // What became of the draft for a new conversation, no conversation tells.
  if (!conversation) return true;
  const { messages } = await api.get(`/conversations/${conversation}/messages?limit=20`);
  return messages.some(({ content }) => content.startsWith(draft.trim()));
}

/** Where half of it still stands in a text, that was made from it. */
function isSeen(draft, text) {
  const half = Math.ceil(draft.length / 2);
  return text.includes(draft.slice(0, half)) || text.includes(draft.slice(-half));
}
