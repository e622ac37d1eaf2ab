extension Language {
    /// The languages by all of their names.
    static let byName: [String: Language] = {
        let families: [(String, Language)] = [
            ("swift", swift), ("c h objc objective-c m", c), ("cpp c++ cc cxx hpp", cpp), ("java", java),
            ("kotlin kt kts scala", kotlin), ("csharp cs c#", csharp), ("go golang", go), ("rust rs", rust),
            ("javascript js jsx mjs cjs node", javascript), ("typescript ts tsx", typescript),
            ("python py python3", python),
            ("ruby rb", ruby), ("php", php), ("bash sh shell zsh console shell-session fish", shell),
            ("sql postgresql postgres mysql sqlite plsql", sql), ("json jsonc json5 ndjson", json),
            ("yaml yml", yaml), ("toml ini conf properties", toml), ("css scss less", css),
            ("dockerfile docker makefile make", makefile), ("html xml svg xhtml vue plist", Language(shape: .markup)),
            ("diff patch", Language(shape: .diff)),
        ]
        return families.reduce(into: [:]) { all, family in
            for name in family.0.split(separator: " ") { all[String(name)] = family.1 }
        }
    }()

    private static let slashes = ["//"]
    private static let cComment = [BlockComment("/*", "*/")]
    private static let character = Quote("'", isCharacter: true)
    private static let loops = "break case continue default do else for if return switch while true false"

    private static let swift = Language(
        keywords: """
            actor any as associatedtype async await break case catch class consuming borrowing continue convenience default
            defer deinit didSet do dynamic else enum extension fallthrough false fileprivate final for func get guard if
            import in indirect infix init inout internal is isolated lazy let macro mutating nil nonisolated nonmutating open
            operator optional override package postfix precedencegroup prefix private protocol public repeat required
            rethrows return self Self sending set some static struct subscript super switch throw throws true try typealias
            unowned var weak where while willSet yield
            """,
        lineComments: slashes,
        blockComments: [BlockComment("/*", "*/", nests: true)],
        quotes: [Quote("\"\"\"", spansLines: true), Quote("\"")],
        metaMarks: "@#",
        traits: .capitalTypes
    )

    private static let c = Language(
        keywords: """
            \(loops) auto bool char const double enum extern float goto inline int long NULL register restrict short signed
            sizeof static struct typedef union unsigned void volatile size_t int8_t int16_t int32_t int64_t uint8_t uint16_t
            uint32_t uint64_t
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), character],
        metaMarks: "#@"
    )

    private static let cpp = Language(
        keywords: """
            \(loops) alignas alignof auto bool catch char class co_await co_return co_yield concept const consteval constexpr
            const_cast decltype delete double dynamic_cast enum explicit export extern final float friend goto inline int
            long mutable namespace new noexcept nullptr operator override private protected public register
            reinterpret_cast requires short signed sizeof static static_assert static_cast struct template this throw try
            typedef typeid typename union unsigned using virtual void volatile size_t
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), character],
        metaMarks: "#",
        traits: .capitalTypes
    )

    private static let java = Language(
        keywords: """
            \(loops) abstract assert boolean byte catch char class double enum extends final finally float implements import
            instanceof int interface long native new null package permits private protected public record sealed short
            static super synchronized this throw throws transient try var void volatile yield
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\"\"\"", spansLines: true), Quote("\""), character],
        metaMarks: "@",
        traits: .capitalTypes
    )

    private static let kotlin = Language(
        keywords: """
            abstract as break by catch class companion const constructor continue data def do else enum extends extension
            false final finally for fun given if implicit import in infix init inline inner interface internal is lateinit
            lazy match new null object open operator out override package private protected public reified return sealed
            super suspend tailrec this throw trait true try type typealias val var vararg when where while with yield
            """,
        lineComments: slashes,
        blockComments: [BlockComment("/*", "*/", nests: true)],
        quotes: [Quote("\"\"\"", spansLines: true, escapes: false), Quote("\""), character],
        metaMarks: "@",
        traits: .capitalTypes
    )

    private static let csharp = Language(
        keywords: """
            \(loops) abstract as async await base bool byte catch char checked class const decimal delegate double enum event
            explicit extern finally fixed float foreach get goto implicit in init int interface internal is lock long
            namespace new null object operator out override params private protected public readonly record ref required
            sbyte sealed set short sizeof static string struct this throw try typeof uint ulong unchecked unsafe ushort
            using var virtual void volatile when where with yield
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\"\"\"", spansLines: true, escapes: false), Quote("\""), character],
        metaMarks: "#",
        traits: .capitalTypes
    )

    private static let go = Language(
        keywords: """
            any bool break byte case chan const continue default defer else error fallthrough false float32 float64 for func
            go goto if import int int8 int16 int32 int64 interface iota make map new nil package range return rune select
            string struct switch true type uint uint8 uint16 uint32 uint64 uintptr var
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), Quote("`", spansLines: true, escapes: false), character],
        traits: .capitalTypes
    )

    private static let rust = Language(
        keywords: """
            as async await bool break char const continue crate dyn else enum extern f32 f64 false fn for i8 i16 i32 i64 i128
            if impl in isize let loop match mod move mut pub ref return self Self static str struct super trait true type u8
            u16 u32 u64 u128 union unsafe use usize where while
            """,
        lineComments: slashes,
        blockComments: [BlockComment("/*", "*/", nests: true)],
        quotes: [Quote("\"", spansLines: true), character],
        metaMarks: "#",
        traits: .capitalTypes
    )

    private static let scriptWords = """
        \(loops) as async await catch class const debugger delete export extends finally from function get import in
        instanceof let new null of set static super this throw try typeof undefined var void with yield
        """

    private static let javascript = Language(
        keywords: scriptWords,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), Quote("'"), Quote("`", spansLines: true)],
        metaMarks: "@#",
        traits: .capitalTypes
    )

    private static let typescript = Language(
        keywords: """
            \(scriptWords) abstract any asserts boolean declare enum implements infer interface is keyof namespace never
            number object private protected public readonly satisfies string symbol type unknown
            """,
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), Quote("'"), Quote("`", spansLines: true)],
        metaMarks: "@#",
        traits: .capitalTypes
    )

    private static let python = Language(
        keywords: """
            and as assert async await break case class continue def del elif else except False finally for from global if
            import in is lambda match None nonlocal not or pass raise return self True try while with yield
            """,
        lineComments: ["#"],
        quotes: [Quote("\"\"\"", spansLines: true), Quote("'''", spansLines: true), Quote("\""), Quote("'")],
        metaMarks: "@",
        traits: .capitalTypes
    )

    private static let ruby = Language(
        keywords: """
            alias and begin break case class def defined? do else elsif end ensure extend false for if in include loop module
            next nil not or private protected public raise redo require require_relative rescue retry return self super then
            true undef unless until when while yield
            """,
        lineComments: ["#"],
        quotes: [Quote("\"", spansLines: true), Quote("'", spansLines: true)],
        metaMarks: "@:$",
        traits: .capitalTypes
    )

    private static let php = Language(
        keywords: """
            \(loops) abstract and array as catch class clone const declare echo elseif empty enum extends final finally fn
            foreach function global goto implements include instanceof interface isset list match namespace new null or
            print private protected public readonly require require_once self static string int float bool throw trait try
            unset use var void xor yield
            """,
        lineComments: ["//", "#"],
        blockComments: cComment,
        quotes: [Quote("\"", spansLines: true), Quote("'", spansLines: true)],
        metaMarks: "$",
        traits: .capitalTypes
    )

    private static let shell = Language(
        keywords: """
            alias break case cd continue declare do done echo elif else esac eval exec exit export fi for function if in
            local printf read readonly return select set shift source sudo test then trap unset until while
            """,
        lineComments: ["#"],
        quotes: [Quote("\"", spansLines: true), Quote("'", spansLines: true, escapes: false)],
        metaMarks: "$",
        traits: [.spacedComments, .hyphens]
    )

    private static let sql = Language(
        keywords: """
            add all alter and any as asc begin between bigint boolean by bytea cascade case cast char check coalesce column
            commit conflict constraint count create cross current_timestamp database date default delete desc distinct do
            double drop else end exists explain false fetch float for foreign from full function grant group having if ilike
            in index inner insert int integer into is join json jsonb key left like limit materialized natural not nothing
            null numeric offset on or order outer over partition precision primary real recursive references replace
            returning revoke right rollback row rows select serial set smallint table temporary text then time timestamp
            timestamptz to transaction trigger true truncate union unique update using uuid values varchar view when where
            window with
            """,
        lineComments: ["--"],
        blockComments: cComment,
        quotes: [Quote("'", spansLines: true, escapes: false), Quote("\"", escapes: false)],
        metaMarks: "$:@",
        traits: .ignoresCase
    )

    private static let json = Language(
        keywords: "true false null",
        lineComments: slashes,
        blockComments: cComment,
        quotes: [Quote("\""), Quote("'")],
        traits: .keys
    )

    private static let yaml = Language(
        keywords: "true false null yes no on off",
        lineComments: ["#"],
        quotes: [Quote("\""), Quote("'", escapes: false)],
        metaMarks: "&*!",
        traits: [.keys, .spacedComments, .hyphens]
    )

    private static let toml = Language(
        keywords: "true false",
        lineComments: ["#", ";"],
        quotes: [
            Quote("\"\"\"", spansLines: true), Quote("'''", spansLines: true), Quote("\""), Quote("'", escapes: false),
        ],
        traits: [.spacedComments, .hyphens]
    )

    private static let css = Language(
        keywords: "important inherit initial unset none auto from to",
        blockComments: cComment,
        quotes: [Quote("\""), Quote("'")],
        metaMarks: "@$#",
        traits: [.keys, .hyphens]
    )

    private static let makefile = Language(
        keywords: """
            FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG HEALTHCHECK SHELL AS ifeq ifneq ifdef
            ifndef else endif include define endef export
            """,
        lineComments: ["#"],
        quotes: [Quote("\""), Quote("'", escapes: false)],
        metaMarks: "$.",
        traits: [.spacedComments, .hyphens]
    )
}
