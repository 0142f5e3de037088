// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelHub, ModelFile, ReleaseContent, ReleaseStatus} from "../../../contracts/interfaces/IModelHub.sol";
import {ModelId} from "../../../contracts/types/ModelId.sol";
import {ReleaseId} from "../../../contracts/types/ReleaseId.sol";
import {ModelHubFixture} from "./ModelHubFixture.sol";

contract PublishContentIdTest is ModelHubFixture {
    string private constant BLOB_ID = "vZ2rQk-cl3Jc_9x0Wb1u8Q";

    ModelId private copy;

    function setUp() public override {
        super.setUp();
        vm.prank(stranger);
        copy = hub.createModel("eth-volatility-1h");
    }

    function test_revertsWhenNothingWasCommitted() public {
        vm.expectRevert(
            abi.encodeWithSelector(IModelHub.ContentNotCommitted.selector, _commitmentOf(publisher, BLOB_ID))
        );
        _publishBound(_content(), BLOB_ID);
    }

    function test_revertsWhenTheCommitmentIsTooYoung() public {
        bytes32 commitment = _commitmentOf(publisher, BLOB_ID);
        hub.commitContent(commitment);
        uint256 usableAt = block.timestamp + hub.COMMIT_DELAY();
        vm.warp(usableAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentCommitmentTooYoung.selector, commitment, usableAt));
        _publishBound(_content(), BLOB_ID);
        vm.warp(usableAt);
        _publishBound(_content(), BLOB_ID);
    }

    function test_revertsWhenTheSaltIsAnother() public {
        _commit(BLOB_ID);
        bytes32 commitment = keccak256(abi.encode(publisher, BLOB_ID, keccak256("pepper")));
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentNotCommitted.selector, commitment));
        vm.prank(publisher);
        hub.publish(model, false, _content(), ROYALTY, MIN_STAKE, VANILLA_ONLY, BLOB_ID, keccak256("pepper"));
    }

    function test_revertsWhenTheIdIsTaken() public {
        _commit(BLOB_ID);
        ReleaseId release = _publishBound(_content(), BLOB_ID);
        _commit(BLOB_ID);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdTaken.selector, BLOB_ID, release));
        _publishBound(_content(), BLOB_ID);
    }

    function test_revertsWhenTheIdIsInvalid() public {
        string memory endless = _repeat("x", 129);
        string[6] memory ids = [
            endless,
            "tab\tinside",
            unicode"ünicode",
            "del\x7f",
            // The form of a raw leaf's id, of another digest, and with letters that base32 does not have.
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "bafkrei0000000000000000000000000000000000000000000000000000"
        ];
        for (uint256 i; i < ids.length; ++i) {
            _expectIdRefused(ids[i]);
        }
    }

    /// The last letter carries three bits of digest and two of padding, which must be zero.
    function test_revertsWhenThePaddingOfADerivedIdIsNotZero() public {
        bytes memory padded = bytes(DERIVED_ID);
        padded[58] = "n";
        _expectIdRefused(string(padded));
    }

    function test_bindsADeclaredId() public {
        _bindAndCheck(_content(), BLOB_ID, false);
        _bindAndCheck(_content(), "x", false);
        _bindAndCheck(_content(), _repeat("~", 128), false);
        _bindAndCheck(_content(), "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPBdG", false);
        // 59 letters, but a directory's id, and a raw leaf's id in capitals: other ids than the one derived here.
        _bindAndCheck(_content(), "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi", false);
        _bindAndCheck(_content(), "BAFKREIHWPGT6DRZM5PL4CGU6GNTOZAX6CL3LTG5NQ6Q4S5MG2ZVIGPPBWM", false);
    }

    /// Ids computed with another implementation of base32.
    function test_derivesIdsAsOthersDo() public {
        _checkVector(
            0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
        );
        _checkVector(
            0xb94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9,
            "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
        );
        _checkVector(
            0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
            "bafkreih777777777777777777777777777777777777777777777777774"
        );
        _checkVector(bytes32(uint256(1)), "bafkreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaae");
        _checkVector(bytes32(uint256(1 << 255)), "bafkreieaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        _checkVector(
            0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f,
            "bafkreiaaaebagbafaydqqcikbmga2dqpcaireeyuculbogazdinryhi6d4"
        );
        _checkVector(DIGEST, DERIVED_ID);
    }

    function test_derivesFromTheEntryFile() public {
        ReleaseContent memory content = _content();
        ReleaseContent memory two = _content();
        two.files = new ModelFile[](2);
        (two.files[0], two.files[1]) = (ModelFile("weights.bin", 1, keccak256("weights"), ""), content.files[0]);
        two.entry = 1;
        _bindAndCheck(two, DERIVED_ID, true);
    }

    function test_announcesTheBinding() public {
        _commit(DERIVED_ID);
        ReleaseId expected = _previewBound(DERIVED_ID);
        vm.expectEmit(address(hub));
        emit IModelHub.ContentBound(expected, keccak256(bytes(DERIVED_ID)), DERIVED_ID);
        _publishBound(_content(), DERIVED_ID);
    }

    function test_usesACommitmentUp() public {
        _commit(BLOB_ID);
        uint256 snapshot = vm.snapshotState();
        _publishBound(_content(), BLOB_ID);
        bytes32 slot = keccak256(abi.encode(_commitmentOf(publisher, BLOB_ID), 7));
        assertEq(vm.load(address(hub), slot), 0);
        vm.revertToState(snapshot);
        assertNotEq(vm.load(address(hub), slot), 0);
    }

    function test_rule20_frontRunnerCannotBindTheContentId() public {
        _commit(DERIVED_ID);

        // The publication is in the mempool: the attacker knows id, salt and content, and is included first.
        bytes32 own = _commitmentOf(stranger, DERIVED_ID);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentNotCommitted.selector, own));
        _publishCopy();
        vm.prank(stranger);
        hub.commitContent(own);
        vm.expectRevert(
            abi.encodeWithSelector(
                IModelHub.ContentCommitmentTooYoung.selector,
                own,
                block.timestamp + hub.COMMIT_DELAY()
            )
        );
        _publishCopy();

        ReleaseId release = _publishBound(_content(), DERIVED_ID);
        skip(365 days);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdTaken.selector, DERIVED_ID, release));
        _publishCopy();
        (ReleaseId found, ) = hub.releaseByContentId(DERIVED_ID);
        assertEq(found, release);
        assertEq(hub.royaltyRecipientOf(found), publisher);
    }

    function test_rule20_theFirstBindingOutlivesYankAndOwner() public {
        _commit(BLOB_ID);
        ReleaseId release = _publishBound(_content(), BLOB_ID);
        _setStatus(release, ReleaseStatus.Yanked);
        _moveOwnership(stranger);
        skip(365 days);
        bytes32 own = _commitmentOf(stranger, BLOB_ID);
        hub.commitContent(own);
        skip(1 hours);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdTaken.selector, BLOB_ID, release));
        _publishCopy(BLOB_ID);
    }

    function test_rule20_aDeclaredIdNeverPassesForADerivedOne() public {
        ReleaseContent memory content = _content();
        content.files[0].sha256Digest = keccak256("not the model");
        _commit(DERIVED_ID);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdInvalid.selector, DERIVED_ID));
        _publishBound(content, DERIVED_ID);
    }

    /// Against base32 done letter by letter over the 36 bytes.
    function testFuzz_derivesTheIdOfAnyDigest(bytes32 digest) public {
        vm.assume(digest != 0);
        bytes memory source = abi.encodePacked(hex"01551220", digest, hex"00");
        bytes memory alphabet = "abcdefghijklmnopqrstuvwxyz234567";
        bytes memory id = new bytes(59);
        id[0] = "b";
        for (uint256 letter; letter < 58; ++letter) {
            uint256 value;
            for (uint256 i = 5 * letter; i < 5 * letter + 5; ++i) {
                value = 2 * value + ((uint8(source[i / 8]) >> (7 - (i % 8))) & 1);
            }
            id[letter + 1] = alphabet[value];
        }
        _checkVector(digest, string(id));
    }

    function testFuzz_refusesADerivedIdWithOneLetterChanged(uint256 place, uint8 letter) public {
        bytes memory id = bytes(DERIVED_ID);
        place = bound(place, 7, 58);
        bytes1 replacement = bytes1(uint8(bound(letter, 0x21, 0x7e)));
        vm.assume(id[place] != replacement);
        id[place] = replacement;
        _expectIdRefused(string(id));
    }

    function _checkVector(bytes32 digest, string memory contentId) private {
        ReleaseContent memory content = _content();
        content.files[0].sha256Digest = digest;
        _bindAndCheck(content, contentId, true);
    }

    function _bindAndCheck(ReleaseContent memory content, string memory contentId, bool expected) private {
        _commit(contentId);
        ReleaseId release = _publishBound(content, contentId);
        (ReleaseId found, bool derived) = hub.releaseByContentId(contentId);
        assertEq(found, release);
        assertEq(derived, expected);
    }

    function _expectIdRefused(string memory contentId) private {
        _commit(contentId);
        vm.expectRevert(abi.encodeWithSelector(IModelHub.ContentIdInvalid.selector, contentId));
        _publishBound(_content(), contentId);
    }

    function _previewBound(string memory contentId) private returns (ReleaseId release) {
        uint256 snapshot = vm.snapshotState();
        release = _publishBound(_content(), contentId);
        vm.revertToState(snapshot);
    }

    function _publishCopy() private {
        _publishCopy(DERIVED_ID);
    }

    function _publishCopy(string memory contentId) private {
        vm.prank(stranger);
        hub.publish(copy, false, _content(), ROYALTY, MIN_STAKE, VANILLA_ONLY, contentId, SALT);
    }

    function _repeat(bytes1 char, uint256 count) private pure returns (string memory) {
        bytes memory text = new bytes(count);
        for (uint256 i; i < count; ++i) {
            text[i] = char;
        }
        return string(text);
    }
}
