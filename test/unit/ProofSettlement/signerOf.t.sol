// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignedResult} from "../../../contracts/interfaces/IProofSettlement.sol";
import {InferenceResult} from "../../../contracts/types/InferenceResult.sol";
import {Mode} from "../../../contracts/types/Mode.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {EvidenceFixture} from "../support/EvidenceFixture.sol";

contract SignerOfTest is EvidenceFixture {
    address private signer;
    uint256 private key;

    function setUp() public override {
        super.setUp();
        (signer, key) = makeAddrAndKey("signer");
    }

    function test_revertsWhenTheSignatureIsMalleable() public {
        SignedResult memory signed = _signed();
        signed.signature = _otherForm(signed.signature);
        vm.expectRevert(_malleableError(signed.signature));
        settlement.signerOf(signed);
    }

    function test_revertsWhenTheSignatureIsNot65Bytes() public {
        SignedResult memory signed = _signed();
        bytes memory good = signed.signature;
        bytes[4] memory wrong = [bytes(""), _compact(good), bytes.concat(good, hex"00"), bytes.concat(good, good)];
        for (uint256 i; i < wrong.length; ++i) {
            signed.signature = wrong[i];
            vm.expectRevert(_lengthError(wrong[i].length));
            settlement.signerOf(signed);
        }
    }

    /// `ecrecover` says zero where there is nobody; nobody is no signer.
    function test_revertsWhenNobodyIsRecovered() public {
        SignedResult memory signed = _signed();
        (bytes32 r, bytes32 s, ) = _split(signed.signature);
        bytes[4] memory ofNobody = [
            _ofNobody(signed.signature),
            abi.encodePacked(r, s, uint8(0)),
            abi.encodePacked(bytes32(0), s, uint8(27)),
            abi.encodePacked(r, bytes32(0), uint8(27))
        ];
        for (uint256 i; i < ofNobody.length; ++i) {
            signed.signature = ofNobody[i];
            vm.expectRevert(abi.encodeWithSignature("ECDSAInvalidSignature()"));
            settlement.signerOf(signed);
        }
    }

    function test_isTheSignerOfTheTypesSpelledOut() public view {
        assertEq(operators.domainSeparator(), _domain());
        SignedResult memory signed = _signIn(_domain(), key, _result("context", "input", "output"));
        assertEq(settlement.signerOf(signed), signer);
    }

    function test_rule04_theDomainIsThatOfOperatorsOnThisChain() public view {
        bytes32[4] memory domains = [
            _domain(block.chainid + 1, address(operators)),
            _domain(block.chainid, address(settlement)),
            _domain(block.chainid, address(disputes)),
            bytes32(0)
        ];
        for (uint256 i; i < domains.length; ++i) {
            SignedResult memory signed = _signIn(domains[i], key, _signed().result);
            assertNotEq(settlement.signerOf(signed), signer);
            assertEq(settlement.signerOf(signed), _apparentSigner(signed));
        }
    }

    /// What was signed before a fork stays with the chain that kept the id.
    function test_rule05_aForkThatTakesAnotherIdHasAnotherDomain() public {
        SignedResult memory signed = _signed();
        uint64 forkId = 4711;
        vm.chainId(forkId);
        assertNotEq(settlement.signerOf(signed), signer);
        signed = _signIn(_domain(forkId, address(operators)), key, signed.result);
        assertEq(settlement.signerOf(signed), signer);
    }

    /// A consent, signed in the same domain by the same key, is no result.
    function test_aConsentIsNoResult() public view {
        SignedResult memory signed = _signed();
        signed.signature = _consent(stranger, key);
        assertNotEq(settlement.signerOf(signed), signer);
    }

    /// Standing is asked elsewhere: an unknown key is a signer, too.
    function test_saysNothingAboutStanding() public view {
        assertEq(operators.standingOf(signer).operatorId, 0);
        assertEq(settlement.signerOf(_signed()), signer);
    }

    function test_rule05_everyMemberIsSigned() public view {
        for (uint256 i; i < 9; ++i) {
            SignedResult memory signed = _signed();
            if (i == 0) signed.result.context = keccak256("another context");
            if (i == 1) signed.result.release = ReleaseId.wrap(keccak256("another release"));
            if (i == 2) signed.result.mode = Mode.ZK;
            if (i == 3) signed.result.codec += 1;
            if (i == 4) signed.result.inputHash = keccak256("another input");
            if (i == 5) signed.result.outputHash = keccak256("another output");
            if (i == 6) signed.result.fee -= 1;
            if (i == 7) signed.result.maxCover += 1;
            if (i == 8) signed.result.validUntil += 1;
            assertNotEq(settlement.signerOf(signed), signer);
        }
    }

    function testFuzz_isTheSignerOfAnyResult(
        bytes32[4] memory words,
        uint8 mode,
        uint8 codec,
        uint256 fee,
        uint256 maxCover,
        uint40 validUntil,
        uint256 anyKey
    ) public view {
        InferenceResult memory result = InferenceResult({
            context: words[0],
            release: ReleaseId.wrap(words[1]),
            mode: Mode(mode % 3),
            codec: codec,
            inputHash: words[2],
            outputHash: words[3],
            fee: fee,
            maxCover: maxCover,
            validUntil: validUntil
        });
        anyKey = bound(anyKey, 1, 1e70);
        assertEq(settlement.signerOf(_signIn(_domain(), anyKey, result)), vm.addr(anyKey));
    }

    function _signed() private view returns (SignedResult memory) {
        return _signIn(_domain(), key, _result("context", "input", "output"));
    }
}
