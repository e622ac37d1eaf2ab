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

  // What lies elsewhere than what is loaded.
  const counted = (count, revision, messages) => ({ ...page(revision, messages, true), message_count: count });
  fold = new ConversationFold();
  fold.load(counted(52, 60, [message(51, 52), message(52, 53)]));
  same("there is more than is here", [fold.count, fold.messages.length], [52, 2]);
  same("what is missing is cut at the blocks", fold.missing(1, 52), [{ from: 1, to: 50 }]);
  same("nothing but what was asked about", fold.missing(40, 45), [{ from: 40, to: 45 }]);
  same("and nothing outside", fold.missing(-5, 1), [{ from: 1, to: 1 }]);
  same("nor what is here", fold.missing(51, 90), []);
  fold.take(updated(message(30, 61, { content: "edited" })));
  same("a change further up has its place", [fold.at(30).content, fold.revision, fold.messages.length], ["edited", 61, 3]);
  same("and parts the hole", fold.missing(1, 52), [{ from: 1, to: 50 }]);
  same("is none itself", fold.missing(29, 30), [{ from: 29, to: 29 }]);
  const came = fold.refreshed([message(29, 30), message(30, 31), message(31, 32)]);
  same("a page from before takes nothing back", [29, 30, 31].map((seq) => fold.at(seq).content), [
    "text 29", "edited", "text 31",
  ]);
  same("and says what is new", came.messages.map(({ seq }) => seq), [29, 31]);
  for (const order of orders([0, 1, 2])) {
    const pages = [[1, 2], [5, 6], [3, 4]].map((seqs) => seqs.map((seq) => message(seq, seq + 1)));
    fold = new ConversationFold();
    fold.load(counted(7, 8, [message(7, 8)]));
    for (const at of order) fold.refreshed(pages[at]);
    same(`pages in order ${order}`, [fold.missing(1, 7), fold.messages.map(({ seq }) => seq)], [[], [1, 2, 3, 4, 5, 6, 7]]);
  }
  fold.take(said(message(9, 10)));
  same("a message behind one that isn't here", [fold.count, fold.missing(1, 9), fold.hasGap], [
    9, [{ from: 8, to: 8 }], true,
  ]);
  fold = new ConversationFold();
  fold.load(counted(120, 121, [message(119, 120), message(120, 121)]));
  fold.refreshed([message(1, 2), message(2, 3)]);
  same("holes of several blocks", fold.missing(1, 120), [
    { from: 3, to: 50 }, { from: 51, to: 100 }, { from: 101, to: 118 },
  ]);
  fold.take(updated(message(2, 130, { content: "told early" })));
  fold.load(counted(120, 125, [message(119, 120), message(120, 125, { content: "now" })]));
  same("after a loss what isn't told of is a hole again", fold.messages.map(({ content }) => content), [
    "told early", "text 119", "now",
  ]);
  fold.load(counted(120, 125, [message(119, 120), message(120, 125, { content: "now" })]));
  same("without a loss nothing is forgotten", fold.messages.length, 3);
  fold = folded(said(message(1, 2)), piece(7, 0));
  fold.ignoreStrangers();
  fold.refreshed([running(7, 3, 2, "0 1 ")]);
  fold.take(piece(7, 2));
  same("a reply one comes upon later goes on", [fold.at(7).content, fold.reply.seq], ["0 1 2 ", 7]);
  fold.take(updated(message(7, 8, { content: "done" })));
  same("and ends", [fold.reply, fold.running], [undefined, []]);

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
