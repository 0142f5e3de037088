// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExactCommitment, KeyOrigin, ReleaseContent} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract ExactCommitmentOfTest is ModelHubFixture {
    function test_revertsWhenTheReleaseIsUnknown() public {
        _expectReleaseUnknown();
        hub.exactCommitmentOf(NOWHERE);
    }

    function test_isZeroForAnApproximateRelease() public {
        ExactCommitment memory none;
        assertEq(keccak256(abi.encode(hub.exactCommitmentOf(_publish()))), keccak256(abi.encode(none)));
    }

    function test_givesTheGraphOfAnExactRelease() public {
        ReleaseContent memory content = _exactContent();
        ExactCommitment memory exact = hub.exactCommitmentOf(_publish(content, false));
        assertEq(keccak256(abi.encode(exact)), keccak256(abi.encode(content.exact)));
    }

    function test_givesTheCircuitOfAZkRelease() public {
        ReleaseContent memory content = _content();
        (content.exact.zkVerifier, content.exact.zkKeyDigest) = (address(0x21), keccak256("key"));
        content.exact.zkKeyOrigin = KeyOrigin.Single;
        ExactCommitment memory exact = hub.exactCommitmentOf(_publishInModes(content, ZK_ONLY));
        assertEq(keccak256(abi.encode(exact)), keccak256(abi.encode(content.exact)));
    }
}
