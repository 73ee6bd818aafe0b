using System.Globalization;

namespace Countersign.Cel;

/// <summary>The tokens of a parser, and the limits of what it makes. After the first fault there are no more tokens, so everything ends.</summary>
internal abstract class SyntaxReader
{
    private readonly List<Token> _tokens;
    private int _at;
    private int _depth;
    private int _nodes;

    protected SyntaxReader(Lexer lexer)
    {
        _tokens = lexer.Read();
        Fault = lexer.Fault;
    }

    protected SyntaxFault? Fault { get; private set; }

    protected Token Current => _tokens[_at];

    /// <summary>Where the last token ended.</summary>
    protected int Before => _at > 0 ? _tokens[_at - 1].End : 0;

    /// <summary>Notes what is wrong, if nothing is yet.</summary>
    internal Syntax Fail(int start, int end, string message)
    {
        Fault ??= new SyntaxFault(start, end, message);
        _at = _tokens.Count - 1;

        return new Literal(start, end, default);
    }

    internal T Made<T>(T node, params ReadOnlySpan<Syntax> parts)
        where T : Syntax
    {
        foreach (var part in parts)
        {
            node.Height = Math.Max(node.Height, part.Height + 1);
        }

        if (++_nodes > CelLimits.MostNodes)
        {
            Fail(node.Start, node.End, $"the expression has over {CelLimits.MostNodes} parts: shorten it, or make more than one of it");
        }
        else if (node.Height > CelLimits.MostHeight)
        {
            Fail(node.Start, node.End, $"over {CelLimits.MostHeight} operators stand on top of each other: shorten the expression, or use a list with 'in'");
        }

        return node;
    }

    protected T Nested<T>(int levels, Func<T> parse)
    {
        _depth += levels;

        if (_depth > CelLimits.MostNesting)
        {
            Fail(Current.Start, Current.End, $"brackets and signs are over {CelLimits.MostNesting} levels deep: take the expression apart");
        }

        var result = parse();
        _depth -= levels;

        return result;
    }

    protected Token Next()
    {
        var token = Current;
        _at = Math.Min(_at + 1, _tokens.Count - 1);

        return token;
    }

    protected bool Take(string symbol)
    {
        var isThere = Current.Is(symbol);
        _at += isThere ? 1 : 0;

        return isThere;
    }

    protected void Expect(string symbol)
    {
        if (!Take(symbol))
        {
            Unexpected(symbol);
        }
    }

    protected Syntax Unexpected(string wanted) =>
        Fail(Current.Start, Current.End, $"{(Current.Kind == TokenKind.End ? "the expression ends" : $"{Shown(Current.Text)} stands")} where {wanted} should be");

    private static string Shown(string text) => text.Length <= 20 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, 20)}…");
}
