/** The keys under which an older web app left messages in this browser; none where storage is forbidden. */
export function legacyKeys() {
  try {
    const pattern = /^(chat-messages|chat-contexts|currentChatSession)$|^chat_messages_/;
    return Object.keys(localStorage).filter((key) => pattern.test(key));
  } catch {
    return [];
  }
}

export const hasLegacy = () => legacyKeys().length > 0;
