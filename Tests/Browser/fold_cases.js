// What is put together from events in any order. Runs in the page, with the app's own module; returns what is not so.
async () => {
  const { ConversationFold } = await import("/assets/conversation-fold.js");
  const { Typists, TypingPace, typingLine } = await import("/assets/typists.js");
  const { afterClose, pauseBefore } = await import("/assets/live-rules.js");
  const wrong = [];
  let count = 0;

  function same(what, found, expected) {
    count += 1;
    const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
    if (one !== other) wrong.push(`${what}: ${one}, not ${other}`);
  }

  const message = (seq, revision, more = {}) => ({
    id: `m${seq}`, seq, revision, role: "user", content: `text ${seq}`, status: "delivered", ...more,
  });
  const running = (seq, revision, next_index, content) => {
    return message(seq, revision, { status: "streaming", next_index, content });
  };
  const said = (one) => ({ type: "chat_message", revision: one.revision, message: one });
  const updated = (one) => ({ type: "message_updated", revision: one.revision, message: one });
  const piece = (seq, index, text = `${index} `) => ({ type: "message_delta", message_id: `m${seq}`, index, text });
  const named = (revision, title) => ({ id: "c", revision, title });
  const titled = (revision, title) => ({ type: "conversation_updated", revision, conversation: named(revision, title) });
  const page = (revision, messages, has_more = false) => ({ id: "c", revision, title: "t", messages, has_more });

  function folded(...events) {
    const fold = new ConversationFold();
    fold.load(page(1, []));
    for (const event of events) fold.take(event);
    return fold;
  }
  const texts = (fold) => fold.messages.map(({ content }) => content);

  /** Every order of a list. */
  function* orders(list) {
    if (list.length < 2) return void (yield list);
    for (const [at, first] of list.entries()) {
      for (const rest of orders(list.toSpliced(at, 1))) yield [first, ...rest];
    }
  }

  // A turn, in every order and with everything twice: the same conversation.
  const turn = () => [
    said(message(1, 2)),
    said(running(2, 3, 0, "")),
    piece(2, 0),
    piece(2, 1),
    updated(message(2, 4, { content: "0 1 " })),
  ];
  for (const order of orders([0, 1, 2, 3, 4])) {
    const fold = folded(...order.map((at) => turn()[at]), ...order.map((at) => turn()[at]));
    same(`texts in order ${order}`, texts(fold), ["text 1", "0 1 "]);
    same(`revision in order ${order}`, [fold.revision, fold.hasGap, fold.torn.length], [4, false, 0]);
  }

  // Pieces of a reply that goes on, in every order.
  for (const order of orders([0, 1, 2, 3])) {
    const fold = folded(said(message(1, 2)), said(running(2, 3, 0, "")), ...order.map((index) => piece(2, index)));
    same(`pieces in order ${order}`, [texts(fold)[1], fold.torn.length], ["0 1 2 3 ", 0]);
  }

  // Pieces that come before their reply wait for it, and are asked about.
  let fold = folded(said(message(1, 2)), piece(2, 0), piece(2, 1));
  same("a piece without its reply is a gap", fold.hasGap, true);
  fold.take(said(running(2, 3, 0, "")));
  same("then it joins", [fold.hasGap, texts(fold)[1]], [false, "0 1 "]);
  fold = folded(piece(9, 0));
  fold.ignoreStrangers();
  fold.take(piece(9, 1));
  same("a reply that isn't known of after asking is left alone", fold.hasGap, false);

  // A piece is missing.
  fold = folded(said(running(1, 2, 0, "")), piece(1, 0), piece(1, 2));
  same("what is missing is known", [fold.torn.length, texts(fold)[0]], [1, "0 "]);
  fold.refreshed([running(1, 2, 2, "0 1 ")]);
  same("and joined to what waited", [fold.torn.length, texts(fold)[0]], [0, "0 1 2 "]);
  fold.refreshed([running(1, 2, 1, "0 ")]);
  same("an answer from before takes nothing back", texts(fold)[0], "0 1 2 ");

  // A reply under way as a page has it, and what the socket tells once more.
  fold = new ConversationFold();
  fold.load(page(3, [message(1, 2), running(2, 3, 2, "0 1 ")]));
  for (const index of [0, 1, 2]) fold.take(piece(2, index));
  same("what the page had isn't doubled", texts(fold)[1], "0 1 2 ");
  fold.take(updated({ ...running(2, 4, 2, "0 1 "), reactions: ["+"] }));
  same("a reaction takes no pieces away", [texts(fold)[1], fold.messages[1].reactions], ["0 1 2 ", ["+"]]);
  fold.take(updated(message(2, 5, { content: "0 1 2 ", status: "interrupted" })));
  fold.take(piece(2, 3));
  same("nothing follows the end", [texts(fold)[1], fold.messages[1].status], ["0 1 2 ", "interrupted"]);
  same("and nothing runs any more", fold.reply, undefined);
  fold.take(updated(running(2, 6, 0, "")));
  fold.take(piece(2, 0, "new "));
  same("begun anew, it is another text", texts(fold)[1], "new ");

  fold = folded(said(running(1, 2, 0, "")), piece(1, 0), piece(1, 1));
  fold.take(updated(running(1, 7, 0, "")));
  fold.take(piece(1, 0, "new "));
  same("also where its end was missed", texts(fold)[0], "new ");

  // Changes.
  fold = folded(said(message(1, 2)), updated(message(1, 4, { content: "edited twice" })), updated(message(1, 3)));
  same("the later one stays", [texts(fold)[0], fold.revision], ["edited twice", 4]);
  fold = folded(titled(3, "later"), titled(2, "earlier"));
  same("titles too", [fold.info.title, fold.revision], ["later", 3]);
  fold = folded(said(message(2, 3)), said(message(1, 2)));
  same("by seq", texts(fold), ["text 1", "text 2"]);
  fold = folded(said(message(1, 2)), said(message(3, 4)));
  same("a gap is known", [fold.hasGap, fold.revision], [true, 2]);
  fold.changes({ conversation: named(4, "t"), messages: [message(2, 3), message(3, 4)], revision: 4 });
  same("and filled", [fold.hasGap, fold.revision, texts(fold)], [false, 4, ["text 1", "text 2", "text 3"]]);
  fold = folded(said(message(3, 9)));
  fold.reached(9);
  same("caught up is caught up", [fold.hasGap, fold.revision], [false, 9]);

  // Further up than what is loaded.
  fold = new ConversationFold();
  fold.load(page(60, [message(51, 52), message(52, 53)], true));
  fold.take(updated(message(50, 61, { content: "edited" })));
  same("it doesn't come into the middle of nowhere", [fold.messages.length, fold.revision], [2, 61]);
  fold.prepend({ messages: [message(49, 50), message(50, 51)], has_more: true });
  same("and is what one finds there", texts(fold), ["text 49", "edited", "text 51", "text 52"]);
  fold.load(page(200, [message(150, 199), message(151, 200)], true));
  same("a page that doesn't join is all there is", [texts(fold), fold.hasOlder], [["text 150", "text 151"], true]);

  // Who is typing.
  const typists = new Typists();
  typists.heard("a", 0);
  typists.heard("b", 1000);
  same("two", typists.at(5999), ["a", "b"]);
  same("one stops", [typists.at(6000), typists.nextEnd], [["b"], 7000]);
  typists.done("b");
  same("nobody", [typists.at(6001), typists.nextEnd === Infinity], [[], true]);
  const pace = new TypingPace();
  const told = [0, 100, 2499, 2500, 2600].filter((now) => pace.take(now));
  same("one tells so every 2.5 seconds", told, [0, 2500]);
  pace.reset();
  same("and at once after sending", pace.take(2601), true);
  same("lines", [[], ["a"], ["a", "b"], ["a", "b", "c"]].map(typingLine), [
    "", "a is typing…", "a and b are typing…", "3 people are typing…",
  ]);

  // Connecting again.
  same("codes", [1000, 1001, 1006, 1011, 4003, 4008, 4500, 4501, 4502, 4999].map(afterClose), [
    "reconnect", "reconnect", "reconnect", "reconnect", "reconnect", "reconnect", "refused", "signedOut", "expired",
    "refused",
  ]);
  same("the first pause may be none", [pauseBefore(0, 0), pauseBefore(0, 1)], [0, 500]);
  same("they grow", [1, 2, 3].map((attempt) => pauseBefore(attempt, 0)), [500, 1000, 2000]);
  same("to an end", [pauseBefore(50, 0), pauseBefore(50, 1)], [7500, 15000]);
  return { count, wrong };
}
