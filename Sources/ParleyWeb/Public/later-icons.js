import { addDrawings } from "./icons.js";

// For modules that aren't loaded with the first view; they import this beside icons.js.
addDrawings({
  leave: "M14 4.5H6v15h8M10.5 12H20M16.5 8.5L20 12l-3.5 3.5",
  folder: "M3.5 18.5v-13H10l2 2.5h8.5v10.5z",
  people: "M9 5a3.2 3.2 0 1 1 0 6.4A3.2 3.2 0 0 1 9 5zM3 19.5c.4-3.6 2.6-5.4 6-5.4s5.6 1.8 6 5.4M16 5.2a3.1 3.1 0 0 1 0 6M17.5 14.4c2 .6 3.2 2.3 3.5 5.1",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zm9.5-2.8a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  help: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM9.5 9.7a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.7M12 16.5v.2",
  keyboard: "M3 6.5h18v11H3zM6.5 10v.2M10.2 10v.2M13.8 10v.2M17.5 10v.2M7.5 14h9",
  chart: "M4.5 4.5v15h15M8.5 16v-4M12.5 16V8M16.5 16v-6",
  smile: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM8.5 14a4 4 0 0 0 7 0M9 9.5v.5M15 9.5v.5",
  fork: "M7 4.5v15M7 14c0-4 10-2 10-8M14 8l3-3 3 3",
  info: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17zM12 11v5M12 8v.2",
  previous: "M14.5 5.5L8 12l6.5 6.5",
  next: "M9.5 5.5L16 12l-6.5 6.5",
  archive: "M4 5h16v4H4zM5.5 9v10.5h13V9M10 13h4",
});
