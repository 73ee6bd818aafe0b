namespace Countersign.OAuth.Tests;

public sealed class ClientIdTextTests
{
    [Theory]
    [Trait("R", "26")]
    [InlineData("a", true)]
    [InlineData(" ", true)]
    [InlineData(" leading and trailing ", true)]
    [InlineData("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true)]
    [InlineData("", false)]
    [InlineData("a\tb", false)]
    [InlineData("a\n", false)]
    [InlineData("a\0", false)]
    [InlineData("a\u007f", false)]
    [InlineData("ä", false)]
    [InlineData("ﬁ", false)]
    public void A_client_id_is_printable_ASCII(string clientId, bool valid) =>
        Assert.Equal(valid, ClientIdText.IsValid(Some.Utf8(clientId)));

    [Theory]
    [Trait("R", "26")]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_client_id_has_at_most_255_characters(int length, bool valid) =>
        Assert.Equal(valid, ClientIdText.IsValid(Some.Utf8(new string('a', length))));
}
