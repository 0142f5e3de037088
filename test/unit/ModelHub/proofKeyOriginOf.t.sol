// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {KeyOrigin} from "../../../contracts/types/KeyOrigin.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ProofKeyOriginOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.proofKeyOriginOf(NOWHERE);
    }

    function test_isNoneWithoutModeZk() public {
        assertEq(uint8(hub.proofKeyOriginOf(_publish())), uint8(KeyOrigin.None));
    }

    function testFuzz_isWhatThePublisherDeclared(uint8 seed) public {
        ReleaseContent memory content = _content();
        (content.exact.zkVerifier, content.exact.zkKeyDigest) = (address(0x21), keccak256("key"));
        content.exact.zkKeyOrigin = KeyOrigin(bound(seed, 1, uint8(type(KeyOrigin).max)));
        uint8 origin = uint8(hub.proofKeyOriginOf(_publishInModes(content, ZK_ONLY)));
        assertEq(origin, uint8(content.exact.zkKeyOrigin));
    }
}
