// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGateways} from "../../../contracts/interfaces/IGateways.sol";
import {PipeFixture} from "../Pipe/PipeFixture.sol";

contract SetGatewayTest is PipeFixture {
    function test_writesAndRemovesAnAddress() public {
        vm.expectEmit(address(gateways));
        emit IGateways.GatewaySet(operator.id, "https://node.example/v1/gateway");
        _set("https://node.example/v1/gateway");
        assertEq(gateways.gatewayOf(operator.id), "https://node.example/v1/gateway");
        _set("");
        assertEq(gateways.gatewayOf(operator.id), "");
    }

    function test_takesAddressesThatClientsCanAsk() public {
        string[7] memory urls = [
            "https://node.example",
            "https://node.example:8443/a/b?c=d#e",
            "https://[2001:db8::1]/",
            "http://127.0.0.1:9100/v1/gateway",
            "http://localhost",
            "http://localhost/",
            "http://[::1]:9100"
        ];
        for (uint256 i; i < urls.length; ++i) {
            _set(urls[i]);
            assertEq(gateways.gatewayOf(operator.id), urls[i]);
        }
        string memory longest = _ofLength(256);
        _set(longest);
        assertEq(gateways.gatewayOf(operator.id), longest);
    }

    function test_revertsWhenItIsNoAddress() public {
        string[13] memory urls = [
            "ftp://node.example",
            "http://node.example",
            "http://127.0.0.1.example",
            "http://localhost.example",
            "http://[::1].example",
            "https://",
            "HTTPS://node.example",
            "https:/node.example",
            "javascript:alert(1)",
            "data:text/plain,https://node.example",
            "file:///etc/passwd",
            " https://node.example",
            "x"
        ];
        for (uint256 i; i < urls.length; ++i) _refuses(urls[i]);
        _refuses(_ofLength(257));
    }

    /// Templates would turn the request into a GET, and control or non-ASCII bytes would end it or hide what it is.
    function test_revertsWhenItHoldsHostileBytes() public {
        string[3] memory urls = [
            "https://node.example/{data}",
            "https://node.example/{sender}",
            "https://node.example/}"
        ];
        for (uint256 i; i < urls.length; ++i) _refuses(urls[i]);
        for (uint256 char; char < 256; ++char) {
            if (char > 0x20 && char < 0x7f) continue;
            _refuses(string(abi.encodePacked("https://node.example/", bytes1(uint8(char)))));
        }
    }

    /// A host may stand behind the name of a user that looks like one: plain HTTP to anywhere.
    function test_revertsWhenTheHostIsNotWhatItSeems() public {
        _refuses("http://127.0.0.1:80@node.example/");
        _refuses("http://localhost:secret@node.example/");
        _refuses("http://[::1]:@node.example/");
        _refuses("https://bank.example@node.example/");
    }

    function test_revertsWhenTheCallerIsNotTheOwner() public {
        address[2] memory callers = [stranger, operator.signer];
        for (uint256 i; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IGateways.NotOperatorOwner.selector, operator.id, callers[i]));
            vm.prank(callers[i]);
            gateways.setGateway(operator.id, "https://node.example");
        }
        vm.expectRevert(abi.encodeWithSelector(IGateways.NotOperatorOwner.selector, 99, operator.owner));
        vm.prank(operator.owner);
        gateways.setGateway(99, "https://node.example");
    }

    function _set(string memory url) private {
        vm.prank(operator.owner);
        gateways.setGateway(operator.id, url);
    }

    function _refuses(string memory url) private {
        vm.expectRevert(abi.encodeWithSelector(IGateways.UrlInvalid.selector, url));
        _set(url);
    }

    function _ofLength(uint256 length) private pure returns (string memory) {
        bytes memory url = new bytes(length);
        bytes memory start = "https://node.example/";
        for (uint256 i; i < length; ++i) url[i] = i < start.length ? start[i] : bytes1("a");
        return string(url);
    }
}
