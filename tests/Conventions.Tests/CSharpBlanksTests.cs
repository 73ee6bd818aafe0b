namespace Countersign.Conventions.Tests;

public sealed class CSharpBlanksTests
{
    [Theory]
    [InlineData("a(); // b", "a();     ")]
    [InlineData("a /* b */ c", "a         c")]
    [InlineData("a(\"b\", c)", "a(   , c)")]
    [InlineData("a(\"\\\"b\", c)", "a(     , c)")]
    [InlineData("a(@\"\"\"b\", c)", "a(@     , c)")]
    [InlineData("a(@\"\\\", c)", "a(@   , c)")]
    [InlineData("a($\"b{c(\"d\")}{{e\", f)", "a($   c(   )     , f)")]
    [InlineData("a(\"\"\" \"b\" \"\"\", c)", "a(           , c)")]
    [InlineData("a('\"', '\\'', b)", "a(   ,     , b)")]
    [InlineData("a(\"\", b)", "a(  , b)")]
    public void Comments_and_literals_are_blank_and_code_keeps_its_place(string text, string code) =>
        Assert.Equal(code, CSharpBlanks.Apply(text));
}
